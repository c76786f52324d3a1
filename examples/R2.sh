#!/usr/bin/env bash
# Report 2: 64 latent elements; 20 added to the first, then to the last.
# examples/R2.sh IMAGES OUT [more options of zatlas examine]
set -eu
images=$1 out=$2; shift 2
zatlas examine fcn-64 "z[0] += 20" "z[-1] += 20" --images "$images" --out "$out" "$@"
