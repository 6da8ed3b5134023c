/** A place to try a model on something it has never seen: a picture dropped, chosen or pasted, or a text typed. */
import { Textarea } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import "@mantine/dropzone/styles.css";
import { useDebouncedCallback, useWindowEvent } from "@mantine/hooks";
import { IconPhoto } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { Prediction, PredictionInput } from "../../protocol/run.ts";
import { BlobImage } from "../data/BlobImage.tsx";
import { FilesButton } from "../data/FilesButton.tsx";
import { Hint } from "../primitives/FieldRow.tsx";
import { Sentence } from "../primitives/Sentence.tsx";
import { ProbabilityBars } from "./ProbabilityBars.tsx";
import classes from "./TryIt.module.css";
import { createAsker, type Asked } from "./asker.ts";

interface TryItProps {
  readonly kind: "image" | "text";
  readonly onPredict: (input: PredictionInput) => Promise<Prediction>;
}

const typingPauseMs = 300;

export function TryIt({ kind, onPredict }: TryItProps) {
  const [asked, setAsked] = useState<Asked<Prediction>>({ kind: "nothing" });
  const [asker] = useState(() => createAsker<Prediction>(setAsked));
  useEffect(() => () => asker.forget(), [asker]);
  const ask = (input: PredictionInput): void => asker.ask(() => onPredict(input));

  return (
    <div className={classes.tryIt}>
      {kind === "image" ? <ImageQuestion onImage={(blob) => ask({ kind, blob })} /> : <TextQuestion onText={(text) => ask({ kind, text })} onEmpty={asker.forget} />}
      <Answer asked={asked} kind={kind} />
    </div>
  );
}

function Answer({ asked, kind }: { readonly asked: Asked<Prediction>; readonly kind: TryItProps["kind"] }) {
  if (asked.kind === "failed") return <Sentence sentence={asked.error} />;
  const prediction = asked.kind === "answered" ? asked.answer : asked.kind === "asking" ? asked.previous : null;
  if (prediction) return <ProbabilityBars tuned={prediction.tuned.classes} base={prediction.base?.classes} stale={asked.kind === "asking"} />;
  return (
    <p className={classes.waiting} role="status">
      {asked.kind === "asking" ? "Thinking it over" : `What the model thinks of your ${kind} will stand here.`}
    </p>
  );
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

function TextQuestion({ onText, onEmpty }: { readonly onText: (text: string) => void; readonly onEmpty: () => void }) {
  const [text, setText] = useState("");
  const askLater = useDebouncedCallback((value: string) => (value.trim() === "" ? onEmpty() : onText(value)), typingPauseMs);
  return (
    <Textarea
      label="Try a text"
      description="The answer comes when you pause typing."
      autosize
      minRows={4}
      maxRows={12}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        askLater(currentTarget.value);
      }}
    />
  );
}
