/** The page's entry. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./mantine.ts";
import "./global.css";
import { App } from "./App.tsx";
import { isolatePage } from "./isolation/register.ts";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element with the id root.");
if (!(await isolatePage())) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
