# Kinds: latency
# Shows: memory of all the server's processes. Line: PSS, which counts each page once. Thin dashes: summed RSS, which counts a shared page in every process.
# Read: compare slopes, not heights: a slope is what one more client costs; where dashes leave their line, processes share pages that summed RSS counts again.
title_text = "User memory"
after_title = " (thin: summed RSS)"
metric = "pss_kib"
second = "rss_kib"
y_label = "user memory, MiB"
load "harness/report/plots/lines.gp"
