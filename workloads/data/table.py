"""The data sets by name, and how each is collected."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from workloads.data import digits, mnist, purchases, ratings, reviews, support, texts
from workloads.data.content import Content, Origin
from workloads.fingerprint import code_version, short_hash


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One data set: collected from a folder that the user names, or from what is installed here."""

    origin: Origin
    help: str
    collect: str
    """`module:function`; it takes the folder where `from_folder`, else nothing."""
    from_folder: bool = False
    depends: tuple[str, ...] = ()
    """Packages whose version decides the content."""

    def content(self, source: Path | None) -> Content:
        """Collect it; raises InvalidInputError or CorruptDataError."""
        module, _, name = self.collect.partition(":")
        function = getattr(import_module(module), name)
        content: Content = function(source) if self.from_folder else function()
        return content

    def recipe(self) -> str:
        """A hash of all that the content depends on, known without collecting it."""
        return short_hash([code_version(["workloads.data"]), python_version(), *map(version, self.depends)])


DATASETS: Mapping[str, Dataset] = {
    dataset.origin.name: dataset
    for dataset in (
        Dataset(
            origin=Origin(
                name="digits", source=digits.SOURCE, licence=digits.LICENCE, preparation=digits.PREPARATION
            ),
            help="scikit-learn's handwritten digits, 1,797 records",
            collect="workloads.data.digits:collect",
            depends=("scikit-learn",),
        ),
        Dataset(
            origin=Origin(
                name="mnist", source=mnist.SOURCE, licence=mnist.LICENCE, preparation=mnist.PREPARATION
            ),
            help="MNIST's IDX files from a folder",
            collect="workloads.data.mnist:collect",
            from_folder=True,
        ),
        Dataset(
            origin=Origin(
                name="digits-shards",
                source=digits.SOURCE,
                licence=digits.LICENCE,
                preparation=f"{digits.PREPARATION}; in shards",
            ),
            help="the same digits in shards of 100, for --stream",
            collect="workloads.data.digits:sharded",
            depends=("scikit-learn",),
        ),
        Dataset(
            origin=Origin(
                name="mnist-shards",
                source=mnist.SOURCE,
                licence=mnist.LICENCE,
                preparation=f"{mnist.PREPARATION}; in shards",
            ),
            help="MNIST's IDX files from a folder, in shards of 1,000, for --stream",
            collect="workloads.data.mnist:sharded",
            from_folder=True,
        ),
        Dataset(
            origin=Origin(
                name="python-reference",
                source=texts.REFERENCE,
                licence=texts.LICENCE,
                preparation=texts.PREPARATION,
            ),
            help="Python's language reference, 460 kB that every Python carries",
            collect="workloads.data.texts:reference",
        ),
        Dataset(
            origin=Origin(
                name="ratings-made",
                source=ratings.MADE,
                licence="CC0-1.0",
                preparation=ratings.PREPARATION,
            ),
            help="10,000 ratings that are made, not people's",
            collect="workloads.data.ratings:made",
            depends=("numpy",),
        ),
        Dataset(
            origin=Origin(
                name="movielens",
                source=ratings.MOVIELENS,
                licence=ratings.LICENCE,
                preparation=ratings.PREPARATION,
            ),
            help="MovieLens' u.data, ratings.dat or ratings.csv from a folder",
            collect="workloads.data.ratings:folder",
            from_folder=True,
        ),
        Dataset(
            origin=Origin(
                name="purchases-made",
                source=purchases.MADE,
                licence="CC0-1.0",
                preparation=purchases.PREPARATION,
            ),
            help="1,200 purchases and reviews of what was bought that are made, not people's",
            collect="workloads.data.purchases:made",
            depends=("numpy",),
        ),
        Dataset(
            origin=Origin(
                name="purchases",
                source="files of the user's",
                licence="the user's to know",
                preparation=purchases.PREPARATION,
            ),
            help="purchases and reviews from a folder, as CSV or JSONL",
            collect="workloads.data.purchases:folder",
            from_folder=True,
        ),
        Dataset(
            origin=Origin(
                name="reviews-made", source=reviews.MADE, licence="CC0-1.0", preparation=reviews.PREPARATION
            ),
            help="400 short reviews that are made, not people's",
            collect="workloads.data.reviews:made",
        ),
        Dataset(
            origin=Origin(
                name="reviews",
                source="files of the user's",
                licence="the user's to know",
                preparation=reviews.PREPARATION,
            ),
            help="labelled texts from a folder's reviews.jsonl",
            collect="workloads.data.reviews:folder",
            from_folder=True,
        ),
        Dataset(
            origin=Origin(
                name="support-made", source=support.MADE, licence="CC0-1.0", preparation=support.PREPARATION
            ),
            help="a shop's questions and answers, and questions without one, made",
            collect="workloads.data.support:made",
        ),
        Dataset(
            origin=Origin(
                name="support",
                source="files of the user's",
                licence="the user's to know",
                preparation=support.PREPARATION,
            ),
            help="questions and answers from a folder's knowledge.jsonl",
            collect="workloads.data.support:folder",
            from_folder=True,
        ),
        Dataset(
            origin=Origin(
                name="texts",
                source="files of the user's",
                licence="the user's to know",
                preparation=texts.PREPARATION,
            ),
            help="the .txt, .md and .rst files of a folder",
            collect="workloads.data.texts:folder",
            from_folder=True,
        ),
    )
}
