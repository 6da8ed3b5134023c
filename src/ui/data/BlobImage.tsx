/** A picture that is a blob. Its address lives as long as it is shown: the browser keeps the bytes until it is revoked. */
import { useEffect, useRef } from "react";

export function BlobImage({ blob, alt }: { readonly blob: Blob; readonly alt: string }) {
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const element = image.current;
    if (element === null) return;
    const url = URL.createObjectURL(blob);
    element.src = url;
    return () => {
      URL.revokeObjectURL(url);
    };
  }, [blob]);
  return <img ref={image} alt={alt} draggable={false} />;
}
