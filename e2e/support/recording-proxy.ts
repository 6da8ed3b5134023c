/**
 * What leaves the browser, whoever in it asked: a proxy that every request of a context goes through, loopback too, and that hands on
 * only what is meant for this machine. The browser cannot pass it by, as a worker that a test does not watch could pass by the test.
 */
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

export interface RecordingProxy {
  /** For Playwright's `proxy` option. */
  readonly option: { readonly server: string; readonly bypass: string };
  /** The hosts and ports that were asked for anything, and the addresses: `http://127.0.0.1:4319/`; a tunnel is `https://host:443/`. */
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

export async function startRecordingProxy(): Promise<RecordingProxy> {
  const addresses: string[] = [];
  const server = createServer((asked, answer) => {
    const address = asked.url ?? "";
    addresses.push(address);
    if (new URL(address).hostname !== "127.0.0.1") return void answer.writeHead(502).end();
    const onward = request(address, { method: asked.method, headers: asked.headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  });
  // https and web sockets: nothing on this machine speaks them.
  server.on("connect", ({ url }, socket) => {
    addresses.push(`https://${url}/`);
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    // Without the sign, a browser asks loopback without its proxy.
    option: { server: `http://127.0.0.1:${port}`, bypass: "<-loopback>" },
    addresses,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
