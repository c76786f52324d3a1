#!/usr/bin/env bash
# Report 1: the same network small, medium and large, and a convolutional one; no edits, the
# reconstructions compared on one page.
# examples/R1.sh IMAGES OUT [more options of zatlas train]
set -eu
images=$1 out=$2; shift 2
for model in fcn-3-small fcn-3-medium fcn-3-large conv; do
    zatlas train --model $model --images "$images" --out "$out/$model" "$@"
done
zatlas report "$out"/fcn-3-small "$out"/fcn-3-medium "$out"/fcn-3-large "$out"/conv --out "$out/report.html"
