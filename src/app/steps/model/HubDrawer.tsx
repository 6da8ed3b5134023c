/** The drawer of models from a hub: find one, see whether it fits, download it, keep an eye on what is stored. */
import { Button, Drawer, SegmentedControl } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useHub, type HubView } from "../../../store/hub.ts";
import { HitList, HubSearch } from "../../../ui/hub/HubSearch.tsx";
import { HubSettings } from "../../../ui/hub/HubSettings.tsx";
import { RepositoryView } from "../../../ui/hub/RepositoryView.tsx";
import { StoredModels } from "../../../ui/hub/StoredModels.tsx";
import classes from "../../../ui/hub/hub.module.css";
import { ProgressLine } from "../../../ui/primitives/ProgressLine.tsx";
import { Sentence } from "../../../ui/primitives/Sentence.tsx";

const views = [
  { value: "find", label: "Find" },
  { value: "stored", label: "Stored" },
  { value: "settings", label: "Settings" },
];

export function HubDrawer() {
  const isOpen = useHub((state) => state.isOpen);
  const view = useHub((state) => state.view);
  const error = useHub((state) => state.error);
  const { close, show } = useHub.getState();
  return (
    <Drawer.Root opened={isOpen} onClose={close} position="right" size="lg">
      <Drawer.Overlay />
      <Drawer.Content>
        <Drawer.Body>
          {/* As in the results: Mantine's own header would be a second banner of the page. */}
          <div className={classes.head}>
            <Drawer.Title>From Hugging Face</Drawer.Title>
            <Drawer.CloseButton aria-label="Close" />
            <SegmentedControl className={classes.views} aria-label="View" data={views} value={view} onChange={(value) => show(value as HubView)} fullWidth />
          </div>
          <div className={classes.body}>
            {error && <Sentence sentence={error} />}
            {view === "find" ? <Find /> : view === "stored" ? <Stored /> : <Settings />}
          </div>
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}

function Find() {
  const picked = useHub((state) => state.picked);
  const hits = useHub((state) => state.hits);
  const query = useHub((state) => state.query);
  const download = useHub((state) => state.download);
  const { search, pick, unpick, start, cancel } = useHub.getState();
  if (picked.kind === "none") {
    return (
      <>
        <HubSearch query={query} onSearch={(text) => void search(text)} />
        {hits.kind === "searching" && <ProgressLine what="Searching" />}
        {hits.kind === "failed" && <Sentence sentence={hits.error} actions={<Again onAgain={() => void search(query)} />} />}
        {(hits.kind === "found" || hits.kind === "curated") && <HitList hits={hits.hits} curated={hits.kind === "curated"} onPick={(name) => void pick(name)} />}
      </>
    );
  }
  return (
    <>
      <div>
        <Button variant="subtle" size="compact-sm" onClick={unpick} leftSection={<IconArrowLeft size={16} stroke={1.75} aria-hidden />}>
          All models
        </Button>
      </div>
      {picked.kind === "asking" && <ProgressLine what={`Asking about ${picked.name}`} />}
      {picked.kind === "failed" && <Sentence sentence={picked.error} actions={<Again onAgain={() => void pick(picked.name)} />} />}
      {picked.kind === "open" && (
        <RepositoryView
          repository={picked.repository}
          progress={download?.name === picked.name ? download.progress : null}
          busy={download !== null && download.name !== picked.name}
          onStart={() => void start()}
          onCancel={() => void cancel()}
        />
      )}
    </>
  );
}

function Again({ onAgain }: { readonly onAgain: () => void }) {
  return (
    <Button size="xs" variant="default" onClick={onAgain}>
      Try again
    </Button>
  );
}

function Stored() {
  const storage = useHub((state) => state.storage);
  const downloading = useHub((state) => state.download?.name ?? null);
  const { pick, remove } = useHub.getState();
  if (storage === null) return <ProgressLine what="Looking into the storage" />;
  return <StoredModels report={storage} downloading={downloading} onPick={(name) => void pick(name)} onDelete={(id) => void remove(id)} />;
}

function Settings() {
  const base = useHub((state) => state.base);
  const token = useHub((state) => state.token);
  const { setBase, setToken } = useHub.getState();
  return <HubSettings base={base} token={token} onBase={setBase} onToken={setToken} />;
}
