/**
 * The classes of model.py. Modules that differ in numbers alone are one class, whose arguments are the numbers that differ; modules
 * that are one of PyTorch's own layers need none.
 */
import { type Branch, isList } from "./branches.ts";
import { type Body, holderPlan, moduleBody, type Source } from "./body.ts";
import { helpers } from "./helpers.ts";
import { ownLayer } from "./layers.ts";
import type { ModulePlan } from "./modules.ts";
import { className, literal, literalsOf, replaceLiterals, replaceVariables, variableName } from "./python.ts";

interface Instance {
  readonly plan: ModulePlan;
  readonly body: Body;
}

/** Names for classes that compute one node. */
const opClassNames: Readonly<Record<string, string>> = { conv2d: "Conv", depthwiseConv2d: "DepthwiseConv", matMul: "Dense", embedding: "Embedding", layerNorm: "LayerNorm", batchNorm: "BatchNorm", add: "Bias", multiply: "Scale" };

function heights(root: Branch): ReadonlyMap<Branch, number> {
  const result = new Map<Branch, number>();
  const visit = (branch: Branch): number => {
    const height = Math.max(-1, ...[...branch.branches.values()].map(visit)) + 1;
    result.set(branch, height);
    return height;
  };
  visit(root);
  return result;
}

function plansOf(root: ModulePlan): ReadonlyMap<Branch, ModulePlan> {
  const result = new Map<Branch, ModulePlan>();
  const visit = (plan: ModulePlan): void => {
    result.set(plan.branch, plan);
    for (const step of plan.steps) if (step.kind === "call") visit(step.module);
  };
  visit(root);
  return result;
}

function listText(list: Branch, constructions: ReadonlyMap<Branch, string>): string {
  const members = [...list.branches.values()].map((branch) => constructions.get(branch) as string);
  if (members.length > 1 && new Set(members).size === 1) return `nn.ModuleList([${members[0]} for _ in range(${literal(list.name, members.length)})])`;
  return `nn.ModuleList([\n${members.map((member) => `    ${member.replaceAll("\n", "\n    ")},\n`).join("")}])`;
}

/** What must be the same for two modules to be one class. */
function templateOf({ body }: Instance): string {
  return JSON.stringify([body.init, body.arguments, body.forward].map((lines) => lines.map((line) => replaceLiterals(String(line), ({ hint }) => `<${hint}>`))));
}

/** `block_3` -> `block`, and a list's member has the list's name. */
function baseName({ plan: { branch } }: Instance): string {
  const name = /^\d+$/.test(branch.name) ? (branch.parent?.name ?? "part").replace(/s$/, "") : branch.name;
  return name.replace(/[_\d]+$/, "") || "part";
}

function nameOfClass(instances: readonly Instance[]): string {
  const names = new Set(instances.map(baseName));
  const [{ plan }] = instances as readonly [Instance];
  const [step] = plan.steps;
  const byOp = plan.steps.length === 1 && step?.kind === "node" ? opClassNames[step.node.op] : undefined;
  return names.size > 1 && byOp !== undefined ? byOp : baseName(instances[0] as Instance);
}

function docstring(instances: readonly Instance[]): string {
  const [first] = instances.map(({ plan }) => plan.branch.path);
  if (first === "") return '"""The whole model."""';
  return instances.length === 1 ? `"""${first}"""` : `"""${first} and ${instances.length - 1} more"""`;
}

interface Argument {
  readonly name: string;
  /** Of each instance. */
  readonly texts: readonly string[];
}

/** The literals that are not the same in all instances, by their positions in the class' text; equal ones are one argument. */
function argumentsOf(instances: readonly Instance[], members: ReadonlySet<string>): ReadonlyMap<number, Argument> {
  const all = instances.map(({ body }) => literalsOf([...body.init, ...body.forward].join("\n")));
  const byTexts = new Map<string, Argument>();
  const taken = new Set(members);
  const found = new Map<number, Argument>();
  all[0]?.forEach(({ hint }, position) => {
    const texts = all.map((literals) => literals[position]?.text as string);
    if (new Set(texts).size === 1) return;
    const key = texts.join("\n");
    const argument = byTexts.get(key) ?? { name: variableName(hint, taken), texts };
    taken.add(argument.name);
    byTexts.set(key, argument);
    found.set(position, argument);
  });
  return found;
}

const indent = (line: string): string => `        ${line.replaceAll("\n", "\n        ")}`;

function classText(name: string, instances: readonly Instance[], found: ReadonlyMap<number, Argument>): string {
  const [{ body }] = instances as readonly [Instance];
  const taken = new Set<string>(Object.keys(helpers));
  const names = body.names.map((wanted) => {
    const own = variableName(wanted, taken);
    taken.add(own);
    return own;
  });
  const all = [...new Set([...found.values()].map((argument) => argument.name))];
  const kept = new Set<string>();
  let before = 0;
  const written = (line: string, inForward: boolean): string => {
    const start = before;
    before += literalsOf(line).length;
    const text = replaceLiterals(line, ({ text: value }, position) => {
      const argument = found.get(start + position)?.name;
      if (argument !== undefined && inForward) kept.add(argument);
      return argument === undefined ? value : inForward ? `self.${argument}` : argument;
    });
    return indent(replaceVariables(text, (index) => names[index] as string));
  };
  const init = body.init.map((line) => written(line, false));
  const forward = body.forward.map((line) => written(line, true));
  return [
    `class ${name}(nn.Module):`,
    `    ${docstring(instances)}`,
    "",
    `    def __init__(${["self", ...all].join(", ")}):`,
    "        super().__init__()",
    ...[...kept].map((argument) => `        self.${argument} = ${argument}`),
    ...init,
    ...(forward.length === 0 ? [] : ["", `    def forward(${["self", ...body.arguments.map((index) => names[index] as string)].join(", ")}):`, ...forward]),
  ].join("\n");
}

/** @returns the classes in an order in which Python can read them; the last one is `Model`. */
export function classesOf(root: ModulePlan, source: Omit<Source, "constructions">): readonly string[] {
  const constructions = new Map<Branch, string>();
  const plans = plansOf(root);
  const byHeight = heights(root.branch);
  const taken = new Set<string>();
  const classes: string[] = [];
  for (let height = 0; height <= (byHeight.get(root.branch) as number); height++) {
    const groups = new Map<string, Instance[]>();
    for (const [branch, own] of byHeight) {
      if (own !== height) continue;
      const plan = plans.get(branch) ?? holderPlan(branch);
      const made = isList(branch) ? listText(branch, constructions) : ownLayer(plan, source.shapes);
      if (made !== null && branch !== root.branch) {
        constructions.set(branch, made);
        continue;
      }
      const instance = { plan, body: moduleBody(plan, { ...source, constructions }) };
      const template = templateOf(instance);
      groups.set(template, [...(groups.get(template) ?? []), instance]);
    }
    for (const instances of groups.values()) {
      const name = instances[0]?.plan.branch === root.branch ? "Model" : className(nameOfClass(instances), taken);
      taken.add(name);
      const members = new Set(instances.flatMap(({ body }) => [...body.members]));
      const found = argumentsOf(instances, members);
      classes.push(classText(name, instances, found));
      instances.forEach(({ plan }, i) => {
        const values = [...new Set(found.values())].map((argument) => `${argument.name}=${literal(argument.name, argument.texts[i] as string)}`);
        constructions.set(plan.branch, `${name}(${values.join(", ")})`);
      });
    }
  }
  return classes;
}
