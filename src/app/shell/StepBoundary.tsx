/** Keeps a fault in one step from taking the page, and the person's data, with it. */
import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import type { ErrorSentence } from "../../core/errors.ts";
import { sentenceOf } from "../../store/client.ts";
import { Sentence } from "../../ui/primitives/Sentence.tsx";

interface StepBoundaryState {
  readonly error: ErrorSentence | null;
}

export class StepBoundary extends Component<{ readonly children: ReactNode }, StepBoundaryState> {
  override state: StepBoundaryState = { error: null };

  static getDerivedStateFromError(error: unknown): StepBoundaryState {
    return { error: sentenceOf(error) };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <Sentence
        sentence={this.state.error}
        actions={
          <Button variant="default" size="xs" onClick={() => this.setState({ error: null })}>
            Try again
          </Button>
        }
      />
    );
  }
}
