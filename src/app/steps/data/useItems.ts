/** The page of items that a filter asks for. A late answer to an earlier question is dropped. */
import { useEffect, useState } from "react";
import type { ItemPage } from "../../../protocol/data.ts";
import { sentenceOf, worker } from "../../../store/client.ts";
import { useData } from "../../../store/data.ts";
import type { ItemFilter } from "../../../ui/data/ItemBrowser.tsx";

export function useItems({ label, split, indices, page }: ItemFilter, pageSize: number): ItemPage | null {
  const revision = useData((state) => state.revision);
  const fail = useData((state) => state.fail);
  const [items, setItems] = useState<ItemPage | null>(null);
  useEffect(() => {
    let current = true;
    const query = { label: label ?? undefined, split: split ?? undefined, indices: indices ?? undefined, offset: page * pageSize, limit: pageSize };
    worker()
      .listItems(query)
      .then((answer) => {
        if (current) setItems(answer);
      })
      .catch((error: unknown) => {
        if (current) fail(sentenceOf(error));
      });
    return () => {
      current = false;
    };
  }, [label, split, indices, page, pageSize, revision, fail]);
  return items;
}
