/** Which strings the page and its worker let through. That the browser asks them: e2e/privacy.e2e.ts. */
import { expect, test } from "vitest";
import { policyFor } from "./trusted-types.ts";

const base = "https://host.example/graft/";

test("no markup that makes an element; style sheets, which have none", () => {
  const { createHTML } = policyFor("own", base);
  expect(createHTML(":root > .m { --a: 1px; }")).toBe(":root > .m { --a: 1px; }");
  expect(createHTML("<img src=x onerror=alert(1)>")).toBeNull();
  expect(createHTML("</style><script>alert(1)</script>")).toBeNull();
});

test("the page starts scripts of its own host, the worker those that the tab made", () => {
  const [page, worker] = [policyFor("own", base).createScriptURL, policyFor("blob", base).createScriptURL];
  for (const address of ["https://host.example/graft/assets/index-1.js", "/graft/service-worker.js", "assets/index-1.js"]) {
    expect(page(address), address).toBe(address);
    expect(worker(address), address).toBeNull();
  }
  const blob = "blob:https://host.example/0b8f";
  expect(page(blob)).toBeNull();
  expect(worker(blob)).toBe(blob);
  for (const address of ["https://evil.example/x.js", "//evil.example/x.js", "https://host.example:444/x.js", "data:text/javascript,alert(1)", "javascript:alert(1)", "blob:https://evil.example/1", "blob:null/1"]) {
    expect(page(address), address).toBeNull();
    expect(worker(address), address).toBeNull();
  }
});
