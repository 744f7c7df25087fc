"""`manage.py reward train RELEASE`: learn a reward model from the files of a release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from arena.common.tasks import Skipped
from ratings.releases.files import BadRelease
from ratings.releases.models import Release
from ratings.rewards.page import reward_facts
from ratings.rewards.services import train_from_folder, train_reward


class Command(BaseCommand):
    help = "Train a reward model from a release."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        train = verbs.add_parser("train", help="train from a release and publish the model")
        train.add_argument("release", help="the name of a release here, or the folder of any")
        train.add_argument(
            "--out", type=Path, help="where to write the model of a release given as a folder"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Train and say what came of it."""
        try:
            self._train(options["release"], options["out"])
        except Skipped as reason:
            self.stdout.write(f"No reward model was trained. {reason}")
        except (BadRelease, FileExistsError) as error:
            raise CommandError(str(error)) from error

    def _train(self, given: str, out: Path | None) -> None:
        release = Release.objects.select_related("arena").filter(name=given).first()
        if release is not None:
            model = train_reward(release)
            facts = reward_facts(model)["metrics"]
            rule = facts["baselines"][0]["accuracy_text"]
            self.stdout.write(
                f"{model.name}: {facts['accuracy_text']} of held-out votes "
                f"({facts['interval_text']}); the longer one wins: {rule}."
            )
            return
        folder = Path(given)
        if not folder.is_dir():
            raise CommandError(f"There is no release and no folder '{given}'.")
        target = out or Path(f"{folder.resolve().name}-reward")
        metrics = train_from_folder(folder, target)
        self.stdout.write(
            f"{target}: {100 * metrics['accuracy']['value']:.1f} % of held-out votes; "
            f"the longer one wins: {100 * metrics['longer_one_wins']['accuracy']['value']:.1f} %."
        )
