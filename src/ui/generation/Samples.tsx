/** What the model made of each fixed prompt at every evaluation, newest first and the model before training last: the style arrives from below. */
import type { EpochSamples } from "../../protocol/run.ts";
import { formatCount } from "../primitives/format.ts";
import classes from "./generation.module.css";

interface SamplesProps {
  /** By epoch, 0 first. */
  readonly epochs: readonly EpochSamples[];
}

/** `Epoch 3`; 0 is the model before its first step. */
function epochName(epoch: number): string {
  return epoch === 0 ? "Before" : `Epoch ${formatCount(epoch)}`;
}

export function Samples({ epochs }: SamplesProps) {
  const prompts = epochs[0]?.samples.map(({ prompt }) => prompt) ?? [];
  const newestFirst = epochs.toReversed();
  return (
    <div className={classes.samples}>
      {prompts.map((prompt, index) => (
        <section key={index} className={classes.sampleOf} aria-label={`Samples of “${prompt}”`}>
          <h3 className={classes.samplePrompt} dir="auto" title={prompt}>
            “{prompt}”
          </h3>
          <ol className={classes.sampleList} tabIndex={0} aria-label={`Written after “${prompt}”, newest first`}>
            {newestFirst.map(({ epoch, samples }) => (
              <li key={epoch} className={classes.sample}>
                <span className={classes.sampleEpoch}>{epochName(epoch)}</span>
                <p className={classes.sampleText} dir="auto">
                  {samples[index]?.text.trim() || "(nothing)"}
                </p>
              </li>
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}
