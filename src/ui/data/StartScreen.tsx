/** Before there is data: drop, choose, or take a sample; and, in small, what shapes of data are understood. */
import { IconFile, IconFolder, IconPencil, IconPhoto, IconTextCaption } from "@tabler/icons-react";
import type { SampleCard } from "../../protocol/api.ts";
import type { SourceFile } from "../../protocol/data.ts";
import { DropArea } from "./DropArea.tsx";
import { FilesButton } from "./FilesButton.tsx";
import { StartArt } from "./StartArt.tsx";
import classes from "./StartScreen.module.css";

interface StartScreenProps {
  readonly samples: readonly SampleCard[];
  readonly onFiles: (files: readonly SourceFile[]) => void;
  readonly onSample: (id: string) => void;
  readonly onDownload: (files: readonly SourceFile[]) => void;
}

const sampleIcons = { "image-classification": IconPhoto, "text-classification": IconTextCaption, "text-generation": IconPencil };

const formats = [
  { name: "A folder of images", detail: "One subfolder for each class. Folders named train, val and test become the splits.", example: "pets/cat/01.jpg\npets/dog/01.jpg" },
  { name: "A zip of such a folder", detail: "Unpacked here, in the tab. It may hold the images' folder or be it.", example: "pets.zip" },
  { name: "A table", detail: "CSV or TSV with a column of texts and a column of labels, or of prompts and what to write after them.", example: "message,label\nSee you at 8,ham" },
  { name: "Texts to write like", detail: "One or more TXT or Markdown files, or JSONL with a chat or a text in each line.", example: '{"messages": [{"role": "user", …' },
];

export function StartScreen({ samples, onFiles, onSample, onDownload }: StartScreenProps) {
  return (
    <>
      <DropArea
        title="Drop images, a table or texts here"
        help="A folder with one subfolder for each class, a zip of one, a CSV, or a text to write like."
        art={<StartArt />}
        onFiles={onFiles}
        actions={
          <>
            <FilesButton onFiles={onFiles} size="md" leftSection={<IconFile size={18} stroke={1.75} aria-hidden />}>
              Choose files
            </FilesButton>
            <FilesButton onFiles={onFiles} size="md" folder variant="default" leftSection={<IconFolder size={18} stroke={1.75} aria-hidden />}>
              Choose a folder
            </FilesButton>
          </>
        }
      />

      {samples.length > 0 && (
        <section aria-labelledby="samples-title">
          <h2 className={classes.heading} id="samples-title">
            Or start with a sample
          </h2>
          <ul className={classes.samples}>
            {samples.map(({ id, name, summary, task }) => {
              const SampleIcon = sampleIcons[task];
              return (
                <li key={id}>
                  <button type="button" className={classes.sample} onClick={() => onSample(id)} aria-labelledby={`sample-${id}`} aria-describedby={`sample-${id}-summary`}>
                    <span className={classes.sampleIcon} aria-hidden>
                      <SampleIcon size={20} stroke={1.6} />
                    </span>
                    <span>
                      <span className={classes.sampleName} id={`sample-${id}`}>
                        {name}
                      </span>
                      <span className={classes.sampleSummary} id={`sample-${id}-summary`}>
                        {summary}
                      </span>
                    </span>
                  </button>
                </li>
              );
            })}
          </ul>
        </section>
      )}

      <section aria-labelledby="formats-title">
        <h2 className={classes.heading} id="formats-title">
          What works
        </h2>
        <ul className={classes.formats}>
          {formats.map(({ name, detail, example }) => (
            <li key={name} className={classes.format}>
              <h3 className={classes.formatName}>{name}</h3>
              <p className={classes.formatDetail}>{detail}</p>
              <pre className={classes.example}>{example}</pre>
            </li>
          ))}
        </ul>
      </section>

      <div className={classes.reopen}>
        <p>Already trained a model here? Try it again from the file that Graft saved, or go on with an exported project.</p>
        <FilesButton onFiles={onDownload} variant="default" accept=".zip">
          Open a Graft download
        </FilesButton>
      </div>
    </>
  );
}
