/**
 * A picture that is a blob. Its address is revoked as soon as the picture has been decoded, since the browser keeps the
 * bytes until then; not when it leaves the page, which would fail a load that is under way, aloud in the console.
 */
import { useEffect, useRef } from "react";

export function BlobImage({ blob, alt }: { readonly blob: Blob; readonly alt: string }) {
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const element = image.current;
    if (element === null) return;
    const url = URL.createObjectURL(blob);
    const release = (): void => {
      URL.revokeObjectURL(url);
    };
    // The listeners stay when the blob changes before it was loaded: the next picture's load then releases both.
    element.addEventListener("load", release, { once: true });
    element.addEventListener("error", release, { once: true });
    element.src = url;
  }, [blob]);
  return <img ref={image} alt={alt} draggable={false} />;
}
