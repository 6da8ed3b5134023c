/** The playground of a run's model, beside the model before, or of an opened download's. */
import { useRun } from "../../store/run.ts";
import { useSession } from "../../store/session.ts";
import { defaultTemplates, draftPlace, formOf, useOpenedWriting, useRunWriting, type Side, type Written } from "../../store/writing.ts";
import type { ChatUse } from "../../protocol/generation.ts";
import { Playground } from "../../ui/generation/Playground.tsx";
import type { ShownText } from "../../ui/generation/WrittenText.tsx";
import { Panel } from "../../ui/primitives/Panel.tsx";
import { SectionTitle } from "../../ui/primitives/SectionTitle.tsx";

const sources = {
  run: { useWriting: useRunWriting, sides: ["tuned", "base"], help: "Let the model continue a draft, rewrite it or summarise it, beside the model before fine-tuning. What you write stays in this tab too." },
  download: { useWriting: useOpenedWriting, sides: ["tuned"], help: "Let the model continue a draft, rewrite it or summarise it. What you write stays in this tab too." },
} as const;

function shownOf(written: Written): ShownText {
  return { prompt: "", text: "", result: null, error: null, ...written };
}

function useChat(source: keyof typeof sources): ChatUse | undefined {
  const ofRun = useRun(({ results }) => (results.kind === "ready" ? results.results.chat : undefined));
  const ofDownload = useSession(({ download }) => (download.kind === "open" ? download.model.chat : undefined));
  return source === "run" ? ofRun : ofDownload;
}

export function PlaygroundPanel({ source }: { readonly source: keyof typeof sources }) {
  const { useWriting, sides, help } = sources[source];
  const state = useWriting();
  const { way, templates } = state;
  const chat = useChat(source);
  const form = formOf(state, chat);
  return (
    <Panel label="Playground">
      <SectionTitle help={help}>Playground</SectionTitle>
      <Playground
        draft={state.draft}
        way={way}
        writtenWay={state.writtenWay}
        chat={chat ?? null}
        form={form}
        template={templates[form][way]}
        isTemplateDefault={templates[form][way] === defaultTemplates[form][way]}
        draftPlace={draftPlace}
        drawing={state.drawing}
        shown={(sides as readonly Side[]).map((side) => ({ side, text: shownOf(state.written[side]) }))}
        replaced={state.replaced?.what ?? null}
        onDraft={state.setDraft}
        onWay={state.setWay}
        onTemplate={state.setTemplate}
        onForm={state.setForm}
        onTemplateReset={() => state.setTemplate(defaultTemplates[form][way])}
        onDrawing={state.setDrawing}
        onWrite={() => void state.write()}
        onStop={() => void state.stop()}
        onInsert={state.insert}
        onUndo={state.undo}
        onDismiss={state.dismiss}
      />
    </Panel>
  );
}
