/** What one module says of itself: the lines of its __init__ and of its forward, with marks for numbers and variables. */
import type { DType, Shape } from "../../core/shape.ts";
import type { GraphNode, OpName, Parameter } from "../../graph/types.ts";
import { type Branch, isInside, isList } from "./branches.ts";
import { type Call, type Express, expressions } from "./expressions.ts";
import type { HelperName } from "./helpers.ts";
import type { ModulePlan, Step } from "./modules.ts";
import { isAttribute, literal, quoted, variable, variableName } from "./python.ts";

export interface Source {
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Of every value, as the nodes have it; of parameters, as PyTorch stores them. */
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly dtypes: ReadonlyMap<string, DType>;
  readonly holders: ReadonlyMap<string, Branch>;
  readonly constants: ReadonlyMap<string, Extract<GraphNode, { op: "constant" }>>;
  /** How each module below is made. */
  readonly constructions: ReadonlyMap<Branch, string>;
  readonly use: (helper: HelperName) => string;
}

export interface Body {
  readonly init: readonly string[];
  /** Variables. */
  readonly arguments: readonly number[];
  /** Empty where the module only holds parameters. */
  readonly forward: readonly string[];
  /** What each variable would be called. */
  readonly names: readonly string[];
  /** What `self` has. */
  readonly members: ReadonlySet<string>;
}

const uninformative = /^(out|output|y|channels_(last|first|second)(_\d+)?|broadcast(_\d+)?(_moved)?|\d+)$/;

/** The last segment of a path that says something. */
export function shortName(path: string): string {
  const segments = path.replaceAll(".", "/").split("/").filter((segment) => segment !== "");
  return segments.findLast((segment) => !uninformative.test(segment)) ?? segments.at(-1) ?? "x";
}

const dimensionNames: Readonly<Record<number, readonly string[]>> = { 1: ["width"], 2: ["rows", "columns"], 4: ["out_channels", "in_channels", "height", "width"] };

class BodyWriter {
  readonly init: string[] = [];
  readonly names: string[] = [];
  readonly members: Set<string>;
  private readonly variables = new Map<string, number>();
  /** Constant -> its name in `self`. */
  private readonly constantMembers = new Map<string, string>();
  private readonly plan: ModulePlan;
  private readonly source: Source;

  constructor(plan: ModulePlan, source: Source) {
    this.plan = plan;
    this.source = source;
    this.members = new Set([...plan.branch.parameters.keys(), ...plan.branch.branches.keys()]);
  }

  write(): Body {
    this.writeMembers();
    const forward: string[] = [];
    const isRoot = this.plan.branch.parent === null;
    const args = this.plan.inputs.map((input, position) => this.declare(input, !isRoot && position === 0 ? "x" : shortName(input)));
    // The model's own inputs keep their names.
    const fixed = new Set(isRoot ? args : args.slice(1));
    const { steps, outputs } = this.plan;
    steps.forEach((step, position) => {
      const results = step.kind === "node" ? [step.node.name] : step.module.outputs;
      const text = this.expression(step);
      const isLast = position === steps.length - 1 && results.join("\n") === outputs.join("\n");
      if (isLast) return forward.push(`return ${text}`);
      const targets = results.map((result, i) => this.target(result, step, i === 0 ? position : null, fixed));
      return forward.push(`${targets.map(variable).join(", ")} = ${text}`);
    });
    if (!forward.at(-1)?.startsWith("return ") && outputs.length > 0) forward.push(`return ${outputs.map((output) => this.reference(output)).join(", ")}`);
    return { init: this.init, arguments: args, forward: this.withLoops(forward), names: this.names, members: this.members };
  }

  private declare(value: string, name: string): number {
    this.names.push(name);
    this.variables.set(value, this.names.length - 1);
    return this.names.length - 1;
  }

  /** The variable for a result: that of the step's first value, if this is the last step to read it. */
  private target(result: string, step: Step, position: number | null, fixed: ReadonlySet<number>): number {
    const read = step.kind === "node" ? step.node.inputs : step.module.inputs;
    const free = new Set(read.filter((input) => !fixed.has(this.variables.get(input) ?? -1) && this.variables.has(input)));
    const first = read.find((input) => this.variables.has(input));
    // Parts of a value and what is made of many are things of their own.
    if (free.size > 2 || (step.kind === "node" && step.node.op === "slice")) return this.declare(result, shortName(step.kind === "node" ? result : step.module.branch.path));
    const reused = first === undefined ? undefined : this.variables.get(first);
    if (position === null || first === undefined || reused === undefined || fixed.has(reused) || this.isReadAfter(first, position)) {
      return this.declare(result, shortName(step.kind === "node" ? result : step.module.branch.path));
    }
    this.variables.delete(first);
    this.variables.set(result, reused);
    if (this.names[reused] !== "x") this.names[reused] = this.names.includes("x") ? "y" : "x";
    return reused;
  }

  private isReadAfter(value: string, position: number): boolean {
    const { steps, outputs } = this.plan;
    return outputs.includes(value) || steps.slice(position + 1).some((step) => (step.kind === "node" ? step.node.inputs : step.module.inputs).includes(value));
  }

  private writeMembers(): void {
    const { branch } = this.plan;
    for (const [name, parameter] of branch.parameters) {
      const { dtype, role } = this.source.parameters.get(parameter) as Parameter;
      const shape = this.source.shapes.get(parameter) as readonly number[];
      const sizes = shape.map((size, axis) => literal(dimensionNames[shape.length]?.[axis] ?? "size", size));
      const zeros = `torch.zeros(${shape.length === 0 ? "()" : sizes.join(", ")}${dtype === "int32" ? ", dtype=torch.int32" : ""})`;
      if (role === "weight" && dtype === "float32") this.init.push(isAttribute(name) ? `self.${name} = nn.Parameter(${zeros})` : `self._parameters[${quoted(name)}] = nn.Parameter(${zeros})`);
      else this.init.push(isAttribute(name) ? `self.register_buffer(${quoted(name)}, ${zeros})` : `self._buffers[${quoted(name)}] = ${zeros}`);
    }
    for (const child of branch.branches.values()) {
      const made = this.source.constructions.get(child) as string;
      this.init.push(isAttribute(child.name) ? `self.${child.name} = ${made}` : `self._modules[${quoted(child.name)}] = ${made}`);
    }
  }

  /** `self.layer[0].query` */
  private pathTo(branch: Branch): string {
    if (branch === this.plan.branch) return "self";
    const parent = branch.parent as Branch;
    const before = this.pathTo(parent);
    if (isList(parent)) return `${before}[${branch.name}]`;
    return isAttribute(branch.name) ? `${before}.${branch.name}` : `${before}._modules[${quoted(branch.name)}]`;
  }

  private reference(value: string): string {
    const index = this.variables.get(value);
    if (index !== undefined) return variable(index);
    const constant = this.source.constants.get(value);
    if (constant) return this.constant(constant);
    const holder = this.source.holders.get(value);
    if (!holder || !isInside(holder, this.plan.branch)) throw new Error(`Nothing gives "${value}" to the module "${this.plan.branch.path}".`);
    const [name] = [...holder.parameters].find(([, parameter]) => parameter === value) as [string, string];
    const { role, dtype } = this.source.parameters.get(value) as Parameter;
    return `${this.pathTo(holder)}${isAttribute(name) ? `.${name}` : `._${role === "weight" && dtype === "float32" ? "parameters" : "buffers"}[${quoted(name)}]`}`;
  }

  /** A number stands where it is read; more of them are a buffer that is not among the weights. */
  private constant(node: Extract<GraphNode, { op: "constant" }>): string {
    const text = expressions.constant({ name: node.name, attributes: node.attributes, inputs: [], shapes: [], dtypes: [], use: this.source.use });
    if (node.attributes.shape.length === 0) return text;
    const known = this.constantMembers.get(node.name);
    if (known !== undefined) return `self.${known}`;
    const wanted = variableName(shortName(node.name), this.members);
    const name = isAttribute(wanted) ? wanted : variableName(`${wanted}_constant`, this.members);
    this.members.add(name);
    this.constantMembers.set(node.name, name);
    this.init.push(`self.register_buffer(${quoted(name)}, ${text}, persistent=False)`);
    return `self.${name}`;
  }

  private expression(step: Step): string {
    if (step.kind === "call") return `${this.pathTo(step.module.branch)}(${step.module.inputs.map((input) => this.reference(input)).join(", ")})`;
    const { node } = step;
    // The table's type ties each expression to its op's attributes; a union of them cannot be called without this.
    const express = expressions[node.op] as (call: Omit<Call<OpName>, "attributes"> & { readonly attributes: unknown }) => ReturnType<Express<OpName>>;
    return express({
      name: node.name,
      attributes: node.attributes,
      inputs: node.inputs.map((input) => this.reference(input)),
      shapes: node.inputs.map((input) => this.source.shapes.get(input) ?? []),
      dtypes: node.inputs.map((input) => this.source.dtypes.get(input) ?? "float32"),
      use: this.source.use,
    });
  }

  /** Lines that call the members of a list one after the other, and differ in nothing else, are a loop. */
  private withLoops(lines: readonly string[]): readonly string[] {
    const lists = [...this.plan.branch.branches.values()].filter((branch) => isList(branch) && isAttribute(branch.name));
    let result = lines;
    for (const list of lists) {
      const count = list.branches.size;
      const start = result.findIndex((line) => line.includes(` = self.${list.name}[0](`));
      const [first] = result.slice(start);
      if (start < 0 || count < 2 || first === undefined) continue;
      // The last member's result may be the module's.
      const [assigned] = first.split(" = ");
      const end = `return ${first.slice(`${assigned} = `.length).replace(`self.${list.name}[0]`, `self.${list.name}[${count - 1}]`)}`;
      if (result.at(-1) === end) result = [...result.slice(0, -1), end.replace("return ", `${assigned} = `), `return ${assigned}`];
      const isLoop = Array.from({ length: count }, (_, i) => first.replace(`self.${list.name}[0]`, `self.${list.name}[${i}]`)).every((line, i) => result[start + i] === line);
      if (!isLoop) continue;
      this.names.push(`each_${list.name.replace(/s$/, "")}`);
      const each = variable(this.names.length - 1);
      result = [...result.slice(0, start), `for ${each} in self.${list.name}:`, `    ${first.replace(`self.${list.name}[0]`, each)}`, ...result.slice(start + count)];
    }
    return result;
  }
}

export function moduleBody(plan: ModulePlan, source: Source): Body {
  return new BodyWriter(plan, source).write();
}

/** Whether a module that nobody calls still needs text: it holds parameters. */
export function holderPlan(branch: Branch): ModulePlan {
  return { branch, inputs: [], outputs: [], steps: [] };
}

