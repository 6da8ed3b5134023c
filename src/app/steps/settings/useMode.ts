/** Simple or advanced, remembered on this device. */
import { useState } from "react";

export type Mode = "simple" | "advanced";

const key = "graft-settings-mode";

function remembered(): Mode {
  try {
    return localStorage.getItem(key) === "advanced" ? "advanced" : "simple";
  } catch {
    // Storage may be forbidden; then every visit starts simple.
    return "simple";
  }
}

export function useMode(): readonly [Mode, (mode: Mode) => void] {
  const [mode, setMode] = useState(remembered);
  const choose = (next: Mode): void => {
    setMode(next);
    try {
      localStorage.setItem(key, next);
    } catch {
      // It holds for this visit.
    }
  };
  return [mode, choose];
}
