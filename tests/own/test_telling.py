"""What a report is told of own labels: of its own conversations, and no more."""

from empathy_scan.own import judging, telling


def test_a_store_without_heads_tells_nothing(office):
    assert telling.told(office.store, office.config, office.store.conversations()) is None


def test_only_the_conversations_of_the_report_are_told(trained):
    some = trained.store.conversations().filter(conversation_id="chat-07")
    told = telling.told(trained.store, trained.config, some)
    assert told.rows["conversation_id"].unique().to_list() == ["chat-07"]
    assert told.rows.height == 3  # its turns of the agent
    (facts,) = judging.fitting_heads(trained.store, trained.config).values()
    (label,) = told.labels
    assert (label.key, label.verdict, label.kappa) == (facts.key, facts.verdict, facts.kappa)


def test_what_was_found_in_older_words_is_not_told(trained):
    now = trained.store.conversations()
    changed = now.with_columns(content=now["content"].str.reverse())
    assert telling.told(trained.store, trained.config, changed).rows.is_empty()
