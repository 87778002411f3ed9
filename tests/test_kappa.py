"""Kappa of tables: against scikit-learn's, and what must hold of any table."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from empathy_scan.kappa import agreed_and_expected, closeness, kappas

pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60)


def table_of(pairs):
    table = np.zeros((4, 4))
    np.add.at(table, tuple(np.array(pairs).T), 1)
    return table


def test_a_textbook_table():
    table = np.array([[20.0, 5], [10, 15]])
    assert agreed_and_expected(table) == (pytest.approx(0.7), pytest.approx(0.5))
    assert kappas(table) == pytest.approx(0.4)


@pytest.mark.parametrize(("ordinal", "weights"), [(False, None), (True, "linear")])
@given(pairs)
def test_kappa_is_scikit_learns(ordinal, weights, pairs):
    first, second = zip(*pairs, strict=True)
    assume(len({*first, *second}) > 1)
    expected = cohen_kappa_score(first, second, labels=range(4), weights=weights)
    assert kappas(table_of(pairs), ordinal=ordinal) == pytest.approx(expected)


@given(pairs, st.floats(0.01, 100))
def test_neither_the_size_of_a_table_nor_its_side_counts(pairs, times):
    table = table_of(pairs)
    known = pytest.approx(kappas(table), nan_ok=True)
    assert kappas(table * times) == known
    assert kappas(table.T) == known


def test_many_tables_are_each_told_as_alone():
    tables = np.random.default_rng(1).integers(0, 9, (2, 5, 3, 3)).astype(float)
    found = kappas(tables, ordinal=True)
    assert found.shape == (2, 5)
    assert found[1, 4] == pytest.approx(kappas(tables[1, 4], ordinal=True))


@pytest.mark.parametrize("table", [[[3.0, 0], [0, 0]], [[0.0, 0], [0, 0]]], ids=["one label", "empty"])
def test_where_there_is_nothing_to_agree_upon_there_is_no_kappa(table):
    assert np.isnan(kappas(np.array(table)))


def test_neighbours_among_ordered_categories_agree_by_half():
    assert closeness(3, ordinal=True).tolist() == [[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]]
    assert closeness(3, ordinal=False).tolist() == np.eye(3).tolist()
