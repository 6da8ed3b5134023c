/** Which part of a long scroller is in sight, and a little beyond, so that only that is in the page. */
import { useEffect, useState, type RefObject } from "react";

/** In pixels of what is scrolled, at zoom 1. */
export interface Sight {
  readonly top: number;
  readonly bottom: number;
}

/** Drawn beyond the edges, so that scrolling, and the keyboard's next stop, finds it there. */
const beyond = 300;

export function useSight(scroller: RefObject<HTMLElement | null>, zoom = 1): Sight {
  const [sight, setSight] = useState<Sight>({ top: 0, bottom: 2000 });
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const look = (): void => setSight({ top: element.scrollTop / zoom - beyond, bottom: (element.scrollTop + element.clientHeight) / zoom + beyond });
    look();
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, [scroller, zoom]);
  return sight;
}
