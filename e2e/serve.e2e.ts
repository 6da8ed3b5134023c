/** What the server promises: isolation, the content policy, the right types, and nothing outside the built page. */
import { request } from "node:http";
import { expect, test } from "./support/fixtures.ts";

/** The path as it is, without the tidying that fetch does. */
function rawStatus(base: string, path: string, method = "GET"): Promise<number> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, method }, (response) => resolve(response.resume().statusCode ?? 0)).on("error", reject).end();
  });
}

test("every answer is isolated and carries the policy", async ({ request, baseURL }) => {
  for (const path of ["./", "embedded/wasm/tfjs-backend-wasm-simd.wasm", "no-such-file"]) {
    const headers = (await request.get(new URL(path, baseURL).href)).headers();
    expect(headers["cross-origin-opener-policy"], path).toBe("same-origin");
    expect(headers["cross-origin-embedder-policy"], path).toBe("require-corp");
    expect(headers["cross-origin-resource-policy"], path).toBe("same-origin");
    expect(headers["content-security-policy"], path).toContain("default-src 'self'");
    expect(headers["content-security-policy"], path).not.toContain("'unsafe-eval'");
  }
});

test("files have their types", async ({ request }) => {
  const typeOf = async (path: string): Promise<string | undefined> => (await request.get(path)).headers()["content-type"];
  expect(await typeOf("./")).toBe("text/html; charset=utf-8");
  expect(await typeOf("embedded/wasm/tfjs-backend-wasm-threaded-simd.wasm")).toBe("application/wasm");
  expect(await typeOf("embedded/models/mobilenet-v3-coco/model.json")).toBe("application/json; charset=utf-8");
  expect(await typeOf("embedded/samples/emoji-images.zip")).toBe("application/zip");
});

test("nothing outside the page is served, and nothing is written", async ({ baseURL }) => {
  const base = baseURL ?? "";
  for (const path of ["/../package.json", "/%2e%2e/package.json", "/..%2fpackage.json", "/assets/../../package.json", "/%00", "/%zz", "//etc/passwd"]) expect(await rawStatus(base, path), path).toBe(404);
  expect(await rawStatus(base, "/", "POST")).toBe(405);
  expect(await rawStatus(base, "/", "HEAD")).toBe(200);
});

test.describe("in the browser", () => {
  test.use({ expectedErrors: [/graft\.invalid/] });

  test("the page is cross-origin isolated, and may not reach another host", async ({ page }) => {
    await page.goto("/headless.html");
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    const outcome = await page.evaluate(async () => {
      const refused = new Promise<string>((resolve) => document.addEventListener("securitypolicyviolation", ({ violatedDirective }) => resolve(violatedDirective), { once: true }));
      // A reserved name that no network resolves: were the policy missing, this test would still reach nobody.
      await fetch("https://graft.invalid/").catch(() => undefined);
      return Promise.race([refused, new Promise<string>((resolve) => setTimeout(() => resolve("allowed"), 2000))]);
    });
    expect(outcome).toBe("connect-src");
  });
});
