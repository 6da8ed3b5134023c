"""The training loop of both models: Muon for hidden matrices and AdamW for the rest, a warm-up, a constant rate and a linear
descent to zero, checkpoints to resume from."""
import json
import math
import pathlib
import time

import torch

from muon import Muon


def train(model, folder, batch, loss_of, held_back, steps, tokens_a_step, learning_rate=3e-3, warm_up=100, descent=0.4):
    """`batch(generator, done)` gives what `loss_of(model, batch)` takes, `done` the share of the steps that are done; `held_back()` the validation loss, in nats a token.
    The state is kept every 200 steps. -> what a model card says of the training."""
    state_file = pathlib.Path(folder) / "state.pt"
    hidden = [m.weight for m in model.modules() if hasattr(m, "bias") and hasattr(m, "weight") and m.weight.dim() == 2]
    tables = [m.weight for m in model.modules() if isinstance(m, torch.nn.Embedding) and m.weight.requires_grad]
    vectors = [p for p in model.parameters() if p.dim() == 1 and p.requires_grad]
    assert len(hidden) + len(tables) + len(vectors) == sum(p.requires_grad for p in model.parameters())
    optimizers = [
        Muon(hidden, lr=learning_rate, weight_decay=0.1),
        torch.optim.AdamW(
            [{"params": tables, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}], lr=learning_rate, betas=(0.9, 0.95)
        ),
    ]
    generator = torch.Generator().manual_seed(1)
    step, seconds, log = 0, 0.0, []
    if state_file.exists():
        state = torch.load(state_file)
        model.load_state_dict(state["model"])
        for optimizer, kept in zip(optimizers, state["optimizers"]):
            optimizer.load_state_dict(kept)
        generator.set_state(state["generator"])
        step, seconds, log = state["step"], state["seconds"], state["log"]

    started, running = time.process_time(), []
    while step < steps:
        rate = learning_rate * min(1, (step + 1) / warm_up, (steps - step) / (steps * descent))
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        loss = loss_of(model, batch(generator, step / steps))
        model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        running.append(loss.item())
        step += 1
        if step % 200 == 0 or step == steps:
            model.eval()
            with torch.no_grad():
                validation = held_back(model)
            model.train()
            seconds, started = seconds + time.process_time() - started, time.process_time()
            log.append({"step": step, "loss": sum(running) / len(running), "validation": validation})
            print(f"step {step}: {log[-1]['loss']:.3f}, held back {validation:.3f}, {seconds / 60:.0f} min", flush=True)
            running = []
            torch.save(
                {"model": model.state_dict(), "optimizers": [optimizer.state_dict() for optimizer in optimizers],
                 "generator": generator.get_state(), "step": step, "seconds": seconds, "log": log},
                state_file.with_suffix(".part"),
            )
            state_file.with_suffix(".part").rename(state_file)
    (pathlib.Path(folder) / "log.json").write_text(json.dumps(log))
    return {"steps": step, "tokens": step * tokens_a_step, "minutes": round(seconds / 60), "loss": log[-1]["loss"],
            "validation": log[-1]["validation"], "perplexity": math.exp(log[-1]["validation"])}
