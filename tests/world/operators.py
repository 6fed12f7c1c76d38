"""Who does the drills of the failures: somebody who follows the runbook, but for what a test says."""
import time

from checks import Failure

AT_THE_END = "(end)"
TRIES, BREATH_S = 20, 2


class Operator:
    """Takes what the runbook suggests. `answers`: others, by step, one or one after the other; `passes_over`: steps that are
    skipped; `end`: the number of the end, from 1; `mends`: words for kubectl, by step, that are said before it is run;
    `patient`: steps that are prepared again until they pass; where another does not pass he goes back if the runbook says
    where to, and else ends the run."""

    def __init__(self, answers=None, passes_over=(), end=1, mends=None, patient=()):
        self.answers = {step: [answer] if isinstance(answer, str) else list(answer)
                        for step, answer in (answers or {}).items()}
        self.passes_over, self.last, self.mends, self.patient = passes_over, end, dict(mends or {}), patient
        self.tries = 0

    def decide(self, drill, step, choices):
        name = step.split("[")[0]
        if name == AT_THE_END:
            return "end the run"
        if name in self.mends:
            drill.kubectl(*self.mends.pop(name))
        if name in self.passes_over:
            return "skip"
        return "run" if "run" in choices else self.stuck(drill, name, choices)

    def stuck(self, drill, name, choices):
        self.tries += 1
        if self.tries > TRIES:
            raise Failure(f"{name} cannot be done: …{drill.said[-1500:]}")
        if name in self.patient:
            time.sleep(BREATH_S)        # as people do; what is waited for is another's
            return "prepare it again"
        back = "go where the runbook says"
        return back if back in choices else "end the run"

    def answer(self, _drill, step, prompt):
        if prompt.endswith(("[y/n] ", "[y/N] ")):
            return "y"
        answers = self.answers.get(step, [""])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def end(self, _drill):
        return str(self.last)

    def meanwhile(self, drill, step):
        """Called again and again while nobody is asked."""
