/** Layer paths from the names that TensorFlow's tools give to weights and ops, so that the parameters of one layer share one path. */

/** Last segments that say what a tensor is, not which layer it belongs to. */
const technical = /^(weights|biases|kernel|bias|gamma|beta|moving_mean|moving_variance|resource|ReadVariableOp(_\d+)?|Conv2D|MatMul|BiasAdd|BatchNorm|FusedBatchNorm(V\d)?(_\d+)?|.+_(weights|kernel|biases|bias|bn_offset|bn_scale))$/;

/** `block/project/Conv2D_weights` -> `block/project` */
export function layerPath(name: string): string {
  const segments = name.split("/");
  while (segments.length > 1 && technical.test(segments.at(-1) ?? "")) segments.pop();
  return segments.join("/");
}
