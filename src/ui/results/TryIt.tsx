/** A place to try a model on something it has never seen: a picture dropped, chosen or pasted, or a text typed. */
import { Textarea } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import "@mantine/dropzone/styles.css";
import { useDebouncedCallback, useWindowEvent } from "@mantine/hooks";
import { IconPhoto } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { assertNever } from "../../core/errors.ts";
import type { ClassificationColumns } from "../../protocol/data.ts";
import type { ExplainRequest, Explanation, Prediction, PredictionInput } from "../../protocol/run.ts";
import { BlobImage } from "../data/BlobImage.tsx";
import { FilesButton } from "../data/FilesButton.tsx";
import { Hint } from "../primitives/FieldRow.tsx";
import { Sentence } from "../primitives/Sentence.tsx";
import { formatNumber } from "../primitives/format.ts";
import { ProbabilityBars } from "./ProbabilityBars.tsx";
import classes from "./TryIt.module.css";
import { WordMarks } from "./WordMarks.tsx";
import { createAsker, type Asked } from "./asker.ts";

interface TryItProps {
  readonly kind: "image" | "text";
  /** Of texts: what they were called, and whether there are two. */
  readonly columns?: ClassificationColumns | undefined;
  readonly onPredict: (input: PredictionInput) => Promise<Prediction>;
  /** Of texts: which words decided. */
  readonly onExplain: (request: ExplainRequest) => Promise<Explanation>;
}

interface Answered {
  readonly input: PredictionInput;
  readonly prediction: Prediction;
}

const typingPauseMs = 300;

export function TryIt({ kind, columns, onPredict, onExplain }: TryItProps) {
  const [asked, setAsked] = useState<Asked<Answered>>({ kind: "nothing" });
  const [asker] = useState(() => createAsker<Answered>(setAsked));
  useEffect(() => () => asker.forget(), [asker]);
  const ask = (input: PredictionInput): void => asker.ask(async () => ({ input, prediction: await onPredict(input) }));

  return (
    <div className={classes.tryIt}>
      {kind === "image" ? <ImageQuestion onImage={(blob) => ask({ kind, blob })} /> : <TextQuestion columns={columns} onTexts={(text, secondText) => ask({ kind, text, secondText })} onEmpty={asker.forget} />}
      <Answer asked={asked} kind={kind} onExplain={onExplain} />
    </div>
  );
}

function Answer({ asked, kind, onExplain }: Pick<TryItProps, "kind" | "onExplain"> & { readonly asked: Asked<Answered> }) {
  if (asked.kind === "failed") return <Sentence sentence={asked.error} />;
  const answered = asked.kind === "answered" ? asked.answer : asked.kind === "asking" ? asked.previous : null;
  if (answered) {
    const { input, prediction } = answered;
    return (
      <div>
        <AnswerOf prediction={prediction} stale={asked.kind === "asking"} />
        {asked.kind === "answered" && input.kind === "text" && input.secondText === undefined && <WordMarks key={input.text} input={input} answer={prediction.tuned} onExplain={onExplain} />}
      </div>
    );
  }
  return (
    <p className={classes.waiting} role="status">
      {asked.kind === "asking" ? "Thinking it over" : `What the model thinks of your ${kind} will stand here.`}
    </p>
  );
}

function AnswerOf({ prediction: { tuned, base }, stale }: { readonly prediction: Prediction; readonly stale: boolean }) {
  switch (tuned.kind) {
    case "classes":
      return <ProbabilityBars tuned={tuned.classes} base={base?.kind === "classes" ? base.classes : undefined} stale={stale} />;
    case "labels":
      return <ProbabilityBars tuned={tuned.labels} base={base?.kind === "labels" ? base.labels : undefined} threshold={0.5} stale={stale} />;
    case "number":
      return (
        <div className={classes.number} aria-busy={stale}>
          <p role="status">
            <strong>{formatNumber(tuned.value)}</strong> {tuned.name}
          </p>
          {base?.kind === "number" && <Hint>{`${formatNumber(base.value)} before fine-tuning.`}</Hint>}
        </div>
      );
    default:
      return assertNever(tuned);
  }
}

function ImageQuestion({ onImage }: { readonly onImage: (blob: Blob) => void }) {
  const [image, setImage] = useState<Blob | null>(null);
  const take = (blob: Blob | undefined): void => {
    if (!blob) return;
    setImage(blob);
    onImage(blob);
  };
  useWindowEvent("paste", ({ clipboardData }) => take([...(clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"))));

  return (
    <Dropzone
      className={classes.drop}
      onDrop={([file]) => take(file)}
      multiple={false}
      activateOnClick={false}
      activateOnKeyboard={false}
      enablePointerEvents
      preventDropOnDocument
      inputProps={{ "aria-label": "An image to try" }}
    >
      <div className={classes.dropInner}>
        <span className={classes.preview}>{image ? <BlobImage blob={image} alt="The image you try" /> : <IconPhoto size={28} stroke={1.5} aria-hidden />}</span>
        <div>
          <FilesButton variant="default" accept="image/*" onFiles={([file]) => take(file?.blob)}>
            {image ? "Choose another image" : "Choose an image"}
          </FilesButton>
          <Hint>Or drop one here, or paste one.</Hint>
        </div>
      </div>
    </Dropzone>
  );
}

interface TextQuestionProps {
  readonly columns: ClassificationColumns | undefined;
  readonly onTexts: (text: string, secondText?: string) => void;
  readonly onEmpty: () => void;
}

function TextQuestion({ columns, onTexts, onEmpty }: TextQuestionProps) {
  const isPair = columns?.secondText !== undefined;
  const [[text, secondText], setTexts] = useState<readonly [string, string]>(["", ""]);
  const askLater = useDebouncedCallback((first: string, second: string) => (first.trim() === "" || (isPair && second.trim() === "") ? onEmpty() : isPair ? onTexts(first, second) : onTexts(first)), typingPauseMs);
  const change = (first: string, second: string): void => {
    setTexts([first, second]);
    askLater(first, second);
  };
  return (
    <div className={classes.texts}>
      <Textarea
        label={isPair ? `Try a pair: ${columns.text}` : "Try a text"}
        description="The answer comes when you pause typing."
        autosize
        minRows={isPair ? 2 : 4}
        maxRows={12}
        dir="auto"
        value={text}
        onChange={({ currentTarget }) => change(currentTarget.value, secondText)}
      />
      {isPair && <Textarea label={columns.secondText} autosize minRows={2} maxRows={12} dir="auto" value={secondText} onChange={({ currentTarget }) => change(text, currentTarget.value)} />}
    </div>
  );
}
