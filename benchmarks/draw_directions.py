"""Draw one direction of a run for docs/directions.md.

python benchmarks/draw_directions.py RUN NAME OUT.png
"""

import sys

import zatlas
from zatlas.figures.style import save
from zatlas.report.direction_sections import direction_figure


def main() -> None:
    run, name, out = zatlas.open_run(sys.argv[1]), sys.argv[2], sys.argv[3]
    part = run.held_out()
    figure = direction_figure(
        run, run.direction(name), run.encode(part.pictures(4)), part.rows[:4].tolist()
    )
    save(figure, out, overwrite=True)


if __name__ == "__main__":
    main()
