/**
 * The graph drawn: boxes from top to bottom, what learns in colour, the shapes of what flows beside the lines. A click on a box
 * freezes or unfreezes it, its corner opens or closes a group. Only what is in sight is in the page. The table beside it shows the same.
 */
import { ActionIcon, Button } from "@mantine/core";
import { IconArrowsMaximize, IconMinus, IconPlus } from "@tabler/icons-react";
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type PointerEvent } from "react";
import { formatCompact } from "../../primitives/format.ts";
import type { FoldedMap, MapItem } from "./fold.ts";
import classes from "./LayerMap.module.css";
import { boxHeight, boxWidth, layoutOf } from "./layout.ts";
import { stateOf, stateText, type MapSelection } from "./state.ts";
import { useSight } from "./useSight.ts";

interface LayerMapProps {
  readonly map: FoldedMap;
  readonly selection: MapSelection;
  readonly onFold: (path: string, open: boolean) => void;
  readonly onFoldAll: (open: boolean) => void;
}

const zooms = [0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1, 1.25, 1.6, 2];

export function LayerMap({ map, selection, onFold, onFoldAll }: LayerMapProps) {
  const layout = useMemo(() => layoutOf(map), [map]);
  const port = useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = useState(1);
  const sight = useSight(port, zoom);

  useEffect(() => {
    const element = port.current;
    if (!element) return;
    // Ctrl and wheel is also what a pinch on a touchpad is; React's wheel listener cannot stop the page from zooming.
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      setZoom((before) => Math.min(2, Math.max(0.1, before * Math.exp(-event.deltaY / 300))));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);

  // What was in the middle of the window stays there; sideways, the model's main column does.
  const zoomBefore = useRef(zoom);
  useLayoutEffect(() => {
    const element = port.current;
    const half = (element?.clientHeight ?? 0) / 2;
    if (element) element.scrollTop = ((element.scrollTop + half) / zoomBefore.current) * zoom - half;
    zoomBefore.current = zoom;
  }, [zoom]);
  useEffect(() => {
    const element = port.current;
    const first = layout.boxes[0];
    if (element && first) element.scrollLeft = (first.x + boxWidth / 2) * zoom - element.clientWidth / 2;
  }, [layout, zoom]);

  const step = (direction: 1 | -1): void => setZoom((before) => (direction === 1 ? zooms.find((each) => each > before + 0.01) : zooms.findLast((each) => each < before - 0.01)) ?? before);
  const fit = (): void => {
    const element = port.current;
    if (element) setZoom(Math.max(0.1, Math.min(1, element.clientWidth / layout.width, element.clientHeight / layout.height)));
  };
  const drag = useDrag();
  const inSight = (top: number, bottom: number): boolean => bottom >= sight.top && top <= sight.bottom;

  return (
    <div className={classes.map}>
      <div className={classes.tools}>
        <ActionIcon variant="default" aria-label="Zoom out" onClick={() => step(-1)}>
          <IconMinus size={16} aria-hidden />
        </ActionIcon>
        <span className={classes.zoom}>{Math.round(zoom * 100)}%</span>
        <ActionIcon variant="default" aria-label="Zoom in" onClick={() => step(1)}>
          <IconPlus size={16} aria-hidden />
        </ActionIcon>
        <ActionIcon variant="default" aria-label="Fit into the window" onClick={fit}>
          <IconArrowsMaximize size={16} aria-hidden />
        </ActionIcon>
        <Button variant="subtle" size="compact-sm" onClick={() => onFoldAll(true)}>
          Open all
        </Button>
        <Button variant="subtle" size="compact-sm" onClick={() => onFoldAll(false)}>
          Close all
        </Button>
      </div>
      {/* A scroller has to be reachable by keyboard. */}
      <div ref={port} className={classes.port} tabIndex={0} role="region" aria-label="Layer map" {...drag}>
        <div style={{ width: layout.width * zoom, height: layout.height * zoom }}>
          <div className={classes.sheet} style={{ width: layout.width, height: layout.height, transform: `scale(${zoom})` }}>
            {map.frames.map((frame, i) => {
              const box = layout.frames[i];
              if (!box || !inSight(box.y, box.y + box.height)) return null;
              return (
                <div key={frame.path} className={classes.frame} data-state={stateOf(frame.layers, selection)} style={{ left: box.x, top: box.y, width: box.width, height: box.height }}>
                  <button type="button" className={classes.frameTitle} aria-expanded onClick={() => onFold(frame.path, false)} aria-label={`Close ${frame.path}`} title={`${frame.path}: close`}>
                    <span aria-hidden>−</span> {frame.label}
                  </button>
                </div>
              );
            })}
            <svg className={classes.lines} width={layout.width} height={layout.height} aria-hidden>
              {layout.lines
                .filter(({ top, bottom }) => inSight(top, bottom))
                .map(({ from, to, path, label }) => (
                  <g key={`${from} ${to}`}>
                    <path d={path} />
                    {label && (
                      <text x={label.x} y={label.y}>
                        {label.text}
                      </text>
                    )}
                  </g>
                ))}
            </svg>
            {map.items.map((item, i) => {
              const box = layout.boxes[i];
              if (!box || !inSight(box.y, box.y + boxHeight)) return null;
              return <MapBox key={item.id} item={item} x={box.x} y={box.y} selection={selection} onFold={onFold} />;
            })}
          </div>
        </div>
      </div>
    </div>
  );
}

function MapBox({ item, x, y, selection, onFold }: { readonly item: MapItem; readonly x: number; readonly y: number; readonly selection: MapSelection; readonly onFold: LayerMapProps["onFold"] }) {
  const state = stateOf(item.layers, selection);
  const fixed = state === "none-to-learn" || item.layers.every((layer) => selection.isFixed(layer));
  return (
    <div className={classes.box} data-state={state} style={{ left: x, top: y, width: boxWidth, height: boxHeight }}>
      <button type="button" className={classes.body} disabled={fixed} aria-pressed={state === "all"} onClick={() => selection.onToggle(item.layers, state !== "all")} title={`${item.id}\n${item.detail || item.kind}, gives ${item.shape}\n${stateText[state]}`}>
        <span className={classes.name}>{item.label}</span>
        <span className={classes.kind}>
          {item.detail || item.kind}
          {item.parameterCount > 0 && item.detail === "" && `, ${formatCompact(item.parameterCount)}`}
        </span>
      </button>
      {item.isGroup && (
        <button type="button" className={classes.open} aria-expanded={false} aria-label={`Open ${item.id}`} onClick={() => onFold(item.id, true)}>
          <span aria-hidden>+</span>
        </button>
      )}
    </div>
  );
}

/** Dragging the empty sheet moves it, as maps do; touch scrolls by itself. */
function useDrag(): { readonly onPointerDown: (event: PointerEvent<HTMLDivElement>) => void } {
  return {
    onPointerDown: (event) => {
      const element = event.currentTarget;
      if (event.pointerType === "touch" || event.button !== 0 || (event.target as Element).closest("button")) return;
      const move = (next: globalThis.PointerEvent): void => element.scrollBy(-next.movementX, -next.movementY);
      const end = (): void => {
        element.removeEventListener("pointermove", move);
        element.removeEventListener("pointerup", end);
        element.removeEventListener("pointercancel", end);
      };
      element.setPointerCapture(event.pointerId);
      element.addEventListener("pointermove", move);
      element.addEventListener("pointerup", end);
      element.addEventListener("pointercancel", end);
    },
  };
}
