"""Is this prediction wrong? One case after the other: the own answer first, then the model's."""

from functools import partial

import streamlit as st

from dashboard.ui import parts, review_board, review_card, review_draw, review_results, state

scope = state.scope()
person = review_card.who()
if person is None:
    parts.sentence("Queue", "Is this prediction wrong?", "Say who you are, to be asked.")
    st.stop()
board = review_card.go_on(review_board.board(scope.model, person), person)
says, more = review_card.sentence(board)
parts.sentence("Queue", "Is this prediction wrong?", says, more)
parts.views(
    "view",
    {
        "Review": partial(review_card.card, scope, board, person),
        "Disputed": partial(review_card.disputed, scope, board, person),
        "Results": partial(review_results.section, scope),
        "Draw": partial(review_draw.section, scope, person),
    },
)
