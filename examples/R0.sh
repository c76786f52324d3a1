#!/usr/bin/env bash
# Report 0: three encoders side by side, one latent element each; each element times 3, one at a time.
# examples/R0.sh IMAGES OUT [more options of zatlas examine]
set -eu
images=$1 out=$2; shift 2
zatlas examine fcn-multi-encoder "z[0] *= 3" "z[1] *= 3" "z[2] *= 3" --images "$images" --out "$out" "$@"
