/** The page's entry. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./mantine.ts";
import "./global.css";
import { demandTrustedTypes } from "../core/trusted-types.ts";
import { App } from "./App.tsx";
import { isolatePage } from "./service-worker/register.ts";
import { keepForOffline } from "./service-worker/updates.ts";

demandTrustedTypes("own");
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element with the id root.");
if (!(await isolatePage())) {
  // Vite's server of sources builds no service worker, and wants the newest of everything.
  if (import.meta.env.PROD) void keepForOffline();
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
