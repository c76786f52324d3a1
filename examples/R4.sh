#!/usr/bin/env bash
# Report 4: 10 latent elements; the first doubled, 5 added to index 2; both displays of the result.
# examples/R4.sh IMAGES OUT [more options of zatlas examine]
set -eu
images=$1 out=$2; shift 2
zatlas examine fcn-10 "z1[0][0] *= 2" "z2[0][2] += 5" --images "$images" --out "$out" "$@"
