/**
 * A desk for a model that writes: a draft, what it is given to the model for, how tokens are drawn, and what each model makes of it.
 * Control and Enter generate, Escape stops. Screen readers hear when a text begins and when it is there, not every word on its way.
 */
import { Button, SegmentedControl, Textarea, VisuallyHidden } from "@mantine/core";
import { IconPencil, IconPlayerStop } from "@tabler/icons-react";
import type { KeyboardEvent } from "react";
import type { ChatUse } from "../../protocol/generation.ts";
import { Hint } from "../primitives/FieldRow.tsx";
import { Sentence } from "../primitives/Sentence.tsx";
import { UndoNotice } from "../primitives/UndoNotice.tsx";
import { DrawingFields, type DrawingValues } from "./DrawingFields.tsx";
import { WrittenText, sideNames, type ShownText } from "./WrittenText.tsx";
import classes from "./generation.module.css";

type Way = "continue" | "rewrite" | "summarise";
type Form = "text" | "chat";
type Side = "tuned" | "base";

interface WayWords {
  readonly value: Way;
  readonly label: string;
  readonly draft: string;
  readonly insert: string;
}

const asked: readonly WayWords[] = [
  { value: "rewrite", label: "Rewrite", draft: "The model is asked for other words.", insert: "Replace the draft" },
  { value: "summarise", label: "Summarise", draft: "The model is asked for its gist.", insert: "Put above the draft" },
];
const waysOf: Readonly<Record<Form, readonly WayWords[]>> = {
  text: [{ value: "continue", label: "Continue", draft: "The model goes on from where it ends.", insert: "Add to the draft" }, ...asked],
  chat: [{ value: "continue", label: "Answer", draft: "What you say to the model; it answers.", insert: "Add to the draft" }, ...asked],
};

const forms: readonly { readonly value: Form; readonly label: string }[] = [
  { value: "chat", label: "As a chat message" },
  { value: "text", label: "As plain text" },
];
/** What stands around a message, by the form that the model knows. */
const chatForms: Readonly<Record<ChatUse["form"], string>> = {
  own: "Your words are put into the chat template that the model was published with; it stops where its turn ends.",
  plain: "Your words are put behind “User:”, and the model answers behind “Assistant:”, as in the conversations that it learned; it stops where its turn ends.",
};

interface PlaygroundProps {
  readonly draft: string;
  readonly way: Way;
  /** The way in which what is shown was written. */
  readonly writtenWay: Way;
  /** Of a model that can be asked as in a chat. */
  readonly chat: ChatUse | null;
  readonly form: Form;
  /** Of the way. */
  readonly template: string;
  readonly isTemplateDefault: boolean;
  /** What stands for the draft in a template. */
  readonly draftPlace: string;
  readonly drawing: DrawingValues;
  readonly shown: readonly { readonly side: Side; readonly text: ShownText }[];
  /** What was done to the draft and can be taken back. */
  readonly replaced: string | null;
  readonly onDraft: (draft: string) => void;
  readonly onWay: (way: Way) => void;
  readonly onForm: (form: Form) => void;
  readonly onTemplate: (template: string) => void;
  readonly onTemplateReset: () => void;
  readonly onDrawing: (change: Partial<DrawingValues>) => void;
  readonly onWrite: () => void;
  readonly onStop: () => void;
  readonly onInsert: (side: Side) => void;
  readonly onUndo: () => void;
  readonly onDismiss: () => void;
}

/** What a screen reader is told. */
function announce(shown: PlaygroundProps["shown"]): string {
  if (shown.some(({ text }) => text.kind === "writing")) return "Writing";
  return shown.flatMap(({ side, text }) => (text.kind === "written" ? [`${sideNames[side]}: ${text.text}`] : [])).join(". ");
}

export function Playground(props: PlaygroundProps) {
  const { draft, way, chat, form, template, isTemplateDefault, draftPlace, drawing, shown, replaced } = props;
  const isWriting = shown.some(({ text }) => text.kind === "writing");
  const ways = waysOf[form];
  const current = ways.find(({ value }) => value === way);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !isWriting) props.onWrite();
    else if (event.key === "Escape" && isWriting) props.onStop();
    else return;
    event.preventDefault();
  };

  return (
    <div className={classes.playground} onKeyDown={onKeyDown}>
      {chat && (
        <div>
          <SegmentedControl className={classes.ways} aria-label="How the model takes the draft" value={form} onChange={(value) => props.onForm(value)} data={[...forms]} />
          <div className={classes.below}>
            <Hint>{form === "chat" ? chatForms[chat.form] : "The model gets your words as they are, and goes on."}</Hint>
          </div>
        </div>
      )}
      <SegmentedControl className={classes.ways} aria-label="What the model does with the draft" value={way} onChange={(value) => props.onWay(value)} data={ways.map(({ value, label }) => ({ value, label }))} />
      <Textarea label="Draft" description={current?.draft} dir="auto" autosize minRows={4} maxRows={14} value={draft} onChange={({ currentTarget }) => props.onDraft(currentTarget.value)} />
      {way !== "continue" && (
        <div>
          <Textarea
            label="What the model gets to read"
            description={`${draftPlace} stands for the draft. A small base model follows such a wish only if it was tuned on pairs of this form.`}
            autosize
            minRows={3}
            maxRows={10}
            value={template}
            onChange={({ currentTarget }) => props.onTemplate(currentTarget.value)}
          />
          {!isTemplateDefault && (
            <Button mt={8} size="xs" variant="subtle" onClick={props.onTemplateReset}>
              Back to the first wording
            </Button>
          )}
        </div>
      )}
      {!template.includes(draftPlace) && <Sentence tone="warning">{`Without ${draftPlace} in it, the model does not get to read the draft.`}</Sentence>}
      <div className={classes.actions}>
        {isWriting ? (
          <Button variant="default" leftSection={<IconPlayerStop size={16} stroke={1.75} aria-hidden />} onClick={props.onStop}>
            Stop
          </Button>
        ) : (
          <Button leftSection={<IconPencil size={16} stroke={1.75} aria-hidden />} onClick={props.onWrite}>
            Generate
          </Button>
        )}
        <span className={classes.keys}>Ctrl and Enter generate, Escape stops.</span>
      </div>
      <div className={classes.columns}>
        {shown.map(({ side, text }) => (
          <WrittenText key={side} side={side} shown={text} insertLabel={ways.find(({ value }) => value === props.writtenWay)?.insert ?? ""} onInsert={() => props.onInsert(side)} />
        ))}
      </div>
      <DrawingFields values={drawing} onChange={props.onDrawing} />
      <VisuallyHidden role="status">{announce(shown)}</VisuallyHidden>
      <UndoNotice what={replaced} onUndo={props.onUndo} onDismiss={props.onDismiss} />
    </div>
  );
}
