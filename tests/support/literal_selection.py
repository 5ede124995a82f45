"""The published selection as a loop over single points, to compare the fast one with.

Points are counted from 1 as the description does; what is returned counts from 0.
"""


def literal_jump(displacement, log10_g, settings):
    """Return (index, displacement, log10 G, height, top level) of the jump of one trace, or None."""
    n = settings.resampled_points
    if len(log10_g) <= n:
        return None
    last_above = first_below = None
    for position, value in enumerate(log10_g, start=1):
        if value > settings.upper_log10_g:
            last_above = position
        if value < settings.lower_log10_g and first_below is None:
            first_below = position
    if last_above is None or first_below is None:
        return None
    m = first_below - last_above + 1
    if m < n:
        return None
    g, d = [], []
    for k in range(n):
        position = 1 + (k * (m - 1)) // (n - 1)
        g.append(log10_g[last_above - 1 + position - 1])
        d.append(displacement[last_above - 1 + position - 1])

    found = None
    for j in range(1, n - 2 - settings.rise_points + 1):
        foot = g[j - 1]
        if (
            g[j + settings.rise_points - 1] - settings.rise_decades > foot
            and g[j] > foot
            and foot < settings.foot_upper_log10_g
            and foot > settings.foot_lower_log10_g
            and j - settings.points_before >= 1
            and j + settings.points_after - 1 <= n
        ):
            found = j
    if found is None:
        return None
    first = found - settings.points_before
    around = [g[first - 1 + i] for i in range(settings.points_before + settings.points_after)]
    # Windows count from 1: the foot is point 151 of 400; the top is sought from 120 to 300, the height from
    # 160.
    foot = settings.points_before + 1
    peak_first, peak_last = (foot + offset for offset in settings.peak_search_points)
    high_first, high_last = (foot + offset for offset in settings.height_search_points)
    top_value = max(around[peak_first - 1 : peak_last])
    top = 1
    while around[top - 1] != top_value:
        top += 1
    height = max(around[high_first - 1 : high_last]) - min(around[:top])
    return found - 1, d[found - 1], g[found - 1], height, top_value
