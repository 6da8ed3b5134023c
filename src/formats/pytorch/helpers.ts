/** Functions that model.py defines where one of its layers needs more than a line. */

export const helpers = {
  pad_same: `def pad_same(x, size, stride, dilation, value=0.0):
    """TensorFlow's SAME padding of [batch, channels, height, width]: what is left over goes below and to the right."""
    sides = []
    for axis in (1, 0):
        length = x.shape[2 + axis]
        reach = (size[axis] - 1) * dilation[axis] + 1
        total = max(0, (math.ceil(length / stride[axis]) - 1) * stride[axis] + reach - length)
        sides += [total // 2, total - total // 2]
    return F.pad(x, sides, value=value)`,

  average_of_unpadded: `def average_of_unpadded(x, ones, size, stride):
    """An average that does not count the padding, which \`ones\` tells from the rest."""
    return F.avg_pool2d(x, size, stride) / F.avg_pool2d(ones, size, stride)`,

  attention: `def attention(query, key, value, mask, heads, scale, causal=False, key_value_heads=None):
    """Multi-head attention over [batch, tokens, width]; where the mask [batch, tokens] is 0, nothing is attended to."""
    def split(x, count):
        return x.reshape(x.shape[0], x.shape[1], count, -1).transpose(1, 2)

    query, key, value = split(query * scale, heads), split(key, key_value_heads or heads), split(value, key_value_heads or heads)
    if key_value_heads:
        key, value = (x.repeat_interleave(heads // key_value_heads, dim=1) for x in (key, value))
    scores = query @ key.transpose(-1, -2) + (1.0 - mask)[:, None, None, :] * -1e9
    if causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
        scores = scores + later * -2e9
    return (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)`,

  timing_signal: `def timing_signal(x, min_timescale, max_timescale):
    """Tensor2Tensor's sinusoidal positions for x [batch, tokens, width]: sines, then cosines."""
    tokens, width = x.shape[1:]
    half = width // 2
    increment = math.log(max_timescale / min_timescale) / max(half - 1, 1)
    scales = min_timescale * torch.exp(torch.arange(half, dtype=torch.float64) * -increment)
    angles = torch.arange(tokens, dtype=torch.float64)[:, None] * scales
    signal = F.pad(torch.cat([angles.sin(), angles.cos()], dim=1), (0, width % 2))
    return signal.to(x.dtype).to(x.device)`,

  masked_mean: `def masked_mean(x, mask):
    """[batch, tokens, width] -> [batch, width]: the mean of the tokens whose mask is 1."""
    return (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1.0)`,

  resize_nearest: `def resize_nearest(x, height, width, align_corners, half_pixel_centers):
    """TensorFlow's nearest neighbours of [batch, channels, h, w]."""
    for axis, target in ((2, height), (3, width)):
        source = x.shape[axis]
        position = torch.arange(target, dtype=torch.float64, device=x.device) + (0.5 if half_pixel_centers else 0.0)
        position = position * ((source - 1) / (target - 1) if align_corners and target > 1 else source / target)
        # Halves are rounded up.
        position = (position + 0.5).floor() if align_corners else position.floor()
        x = x.index_select(axis, position.long().clamp(0, source - 1))
    return x`,

  resize_bilinear: `def resize_bilinear(x, height, width):
    """TensorFlow's first form: pixels are points, the first of which stays where it is. [batch, channels, h, w]"""
    for axis, target in ((2, height), (3, width)):
        source = x.shape[axis]
        position = torch.arange(target, dtype=torch.float64, device=x.device) * (source / target)
        below = position.floor()
        share = (position - below).to(x.dtype).reshape([-1] + [1] * (3 - axis))
        below = below.long()
        above = (below + 1).clamp(max=source - 1)
        x = x.index_select(axis, below) * (1 - share) + x.index_select(axis, above) * share
    return x`,

  rms_norm: `def rms_norm(x, gamma, epsilon):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon) * gamma`,

  rotary_embedding: `def rotary_embedding(x, positions, heads, frequencies):
    """Turns the two halves of each head of x [batch, tokens, width] by angles that grow with the positions [batch, tokens]."""
    angles = positions[..., None, None].to(x.dtype) * torch.tensor(frequencies, dtype=x.dtype, device=x.device)
    cos, sin = angles.cos(), angles.sin()
    first, second = x.reshape(*x.shape[:2], heads, -1).chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1).flatten(2)`,

  position_ids: `def position_ids(ids, offset, padding_id=None):
    """offset, offset + 1, ... for each text; with a padding_id, padding keeps it and the others count on from it."""
    if padding_id is None:
        return torch.arange(offset, offset + ids.shape[1], dtype=torch.int32, device=ids.device).expand(ids.shape)
    is_token = (ids != padding_id).int()
    return is_token.cumsum(1, dtype=torch.int32) * is_token + padding_id`,

  fake_quantize: `def fake_quantize(x, scale, zero_point, low, high):
    """What integers keep of x; the gradient passes straight through where nothing was clamped."""
    kept = ((x / scale).round() + zero_point).clamp(low, high)
    passed = (x / scale + zero_point).clamp(low, high) * scale
    return ((kept - zero_point) * scale).detach() + (passed - passed.detach())`,

  cumulative_sum: `def cumulative_sum(x, axis, exclusive, reverse):
    x = x.flip(axis) if reverse else x
    total = x.cumsum(axis, dtype=x.dtype)
    if exclusive:
        total = torch.cat([torch.zeros_like(total.narrow(axis, 0, 1)), total.narrow(axis, 0, x.shape[axis] - 1)], dim=axis)
    return total.flip(axis) if reverse else total`,

  pad_by_mirror: `def pad_by_mirror(x, paddings, repeat_edge):
    """Pads every axis by what is within: mirrored at its edge, or the edge itself."""
    for axis, (before, after) in enumerate(paddings):
        last = x.shape[axis] - 1
        places = torch.arange(-before, last + 1 + after, device=x.device)
        x = x.index_select(axis, places.clamp(0, last) if repeat_edge else last - (last - places.abs()).abs())
    return x`,

  gather: `def gather(x, indices, axis):
    """The axis of x is replaced by the axes of the indices."""
    places = torch.where(indices < 0, indices + x.shape[axis], indices).flatten()
    return x.index_select(axis, places).reshape(x.shape[:axis] + indices.shape + x.shape[axis + 1 :])`,

  places_of: `def places_of(indices, size):
    """Negative places count from the end."""
    return torch.where(indices < 0, indices + size, indices).long()`,

  gather_nd: `def gather_nd(x, indices, batch_dims):
    """Each last row of the indices names a place in the axes of x that follow the first batch_dims, which both share."""
    outer = [torch.arange(x.shape[axis], device=x.device).reshape([-1] + [1] * (indices.dim() - 2 - axis)) for axis in range(batch_dims)]
    return x[tuple(outer) + indices.long().unbind(-1)]`,

  scatter_nd: `def scatter_nd(x, indices, updates, reduce=None):
    """Puts each update where the last row of the indices names a place in x, or reduces it with what is there."""
    named = indices.shape[-1]
    rows = torch.zeros(indices.shape[:-1], dtype=torch.long, device=x.device)
    for axis in range(named):
        rows = rows * x.shape[axis] + places_of(indices[..., axis], x.shape[axis])
    flat = x.reshape(math.prod(x.shape[:named]), -1)
    new = updates.reshape(rows.numel(), -1)
    at = rows.reshape(-1, 1).expand(new.shape)
    return (flat.scatter(0, at, new) if reduce is None else flat.scatter_reduce(0, at, new, reduce)).reshape(x.shape)`,
} as const;

/** What a helper calls. */
export const helperNeeds: Readonly<Partial<Record<HelperName, HelperName>>> = { scatter_nd: "places_of" };

export type HelperName = keyof typeof helpers;
