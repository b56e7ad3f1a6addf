"""Text to tree: operators by precedence (Pratt), every mistake told at once as far as that makes sense.

Weakest first: ``or``, ``and``, ``not``, comparisons (chained: ``2 < x <= 5``), ``+ -``, ``* /``, ``-x``.
"""

from rules.expression.problems import Problems
from rules.expression.tokens import Kind, Token, tokens
from rules.expression.tree import (
    Arithmetic,
    Call,
    Clock,
    Comparison,
    Logic,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Span,
    Wrong,
)

LONGEST = 2000
DEEPEST = 32
MOST_NODES = 300

_COMPARE = ("<", "<=", ">", ">=", "==", "!=")
_POWER = {"or": 1, "and": 2, **dict.fromkeys(_COMPARE, 4), "+": 5, "-": 5, "*": 6, "/": 6}
_NOT_POWER, _NEGATIVE_POWER = 3, 7


def parse(text: str, problems: Problems) -> Node:
    """The tree of a text; what could not be read is told of and stands in it as `Wrong`."""
    if len(text) > LONGEST:
        problems.add(LONGEST, f"longer than {LONGEST} characters; make two rules of it")
        return Wrong(0, len(text))
    parser = _Parser(tokens(text, problems), problems)
    node = parser.expression(0)
    parser.end()
    return node


class _Parser:
    def __init__(self, found: list[Token], problems: Problems) -> None:
        self._tokens = found
        self._problems = problems
        self._at = 0
        self._depth = 0
        self._nodes = 0
        self._gave_up = False

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    @property
    def _ended(self) -> bool:
        return self._next.kind is Kind.END

    def _take(self) -> Token:
        token = self._next
        if token.kind is not Kind.END:
            self._at += 1
        return token

    def _is(self, text: str) -> bool:
        return self._next.text == text and self._next.kind in (Kind.SIGN, Kind.KEYWORD)

    def end(self) -> None:
        """Nothing may follow."""
        while not self._ended:
            self._unexpected(self._next)
            if self._next.text in (")", ","):
                self._take()
            if self._next.text in _POWER:
                self._take()
            if not self._ended:
                self.expression(0)

    def expression(self, power: int) -> Node:
        """All that binds more strongly than ``power``."""
        self._depth += 1
        if self._depth > DEEPEST:
            return self._too_much(f"nested deeper than {DEEPEST}; make two rules of it")
        left = self._operand()
        while self._next.kind in (Kind.SIGN, Kind.KEYWORD) and _POWER.get(self._next.text, 0) > power:
            left = self._infix(left)
        self._depth -= 1
        return left

    def _infix(self, left: Node) -> Node:
        op = self._next.text
        if op in ("and", "or"):
            return self._logic(left, op)
        if op in _COMPARE:
            return self._comparison(left)
        sign = self._take()
        right = self.expression(_POWER[op])
        return self._count(Arithmetic(left.at, right.end, op, sign.at, left, right))

    def _logic(self, left: Node, op: str) -> Node:
        operands = [left]
        while self._is(op):
            self._take()
            operands.append(self.expression(_POWER[op]))
        return self._count(Logic(left.at, operands[-1].end, op, tuple(operands)))

    def _comparison(self, left: Node) -> Node:
        operands, ops = [left], []
        while self._next.kind is Kind.SIGN and self._next.text in _COMPARE:
            ops.append(self._take())
            operands.append(self.expression(_POWER["<"]))
        signs, places = tuple(op.text for op in ops), tuple(op.at for op in ops)
        return self._count(Comparison(left.at, operands[-1].end, signs, places, tuple(operands)))

    def _operand(self) -> Node:
        token = self._next
        match token.kind, token.text:
            case Kind.NUMBER, _:
                self._take()
                return self._count(Number(token.at, token.end, token.value, token.unit))
            case Kind.SPAN, _:
                self._take()
                return self._count(Span(token.at, token.end, int(token.value)))
            case Kind.CLOCK, _:
                self._take()
                return self._count(Clock(token.at, token.end, int(token.value)))
            case Kind.NAME, _:
                self._take()
                return self._call(token) if self._is("(") else self._count(Name(token.at, token.end, token.text))
            case Kind.KEYWORD, "not":
                self._take()
                operand = self.expression(_NOT_POWER)
                return self._count(Not(token.at, operand.end, operand))
            case Kind.SIGN, "-":
                self._take()
                operand = self.expression(_NEGATIVE_POWER)
                return self._count(Negative(token.at, operand.end, operand))
            case Kind.SIGN, "(":
                self._take()
                inner = self.expression(0)
                self._close(token, "(")
                return inner
        return self._missing(token)

    def _call(self, name: Token) -> Node:
        opening = self._take()
        args: list[Node] = []
        while not self._is(")") and not self._ended:
            args.append(self.expression(0))
            if not self._is(","):
                break
            self._take()
            if self._is(")"):
                self._problems.add(self._next.at, "something is missing after the comma")
        end = self._close(opening, f"{name.text}(")
        return self._count(Call(name.at, end, name.text, tuple(args)))

    def _close(self, opening: Token, what: str) -> int:
        """Takes the closing parenthesis; skips what should not stand before it."""
        if not self._is(")"):
            if not self._ended:
                self._unexpected(self._next)
            elif not self._gave_up:
                self._problems.add(opening.at, f"{what} is not closed; add )")
            depth = 0
            while not self._ended and (depth or not self._is(")")):
                depth += self._is("(") - self._is(")")
                self._take()
        return self._take().end

    def _missing(self, token: Token) -> Wrong:
        if self._gave_up:
            pass
        elif token.kind is Kind.END:
            self._problems.add(token.at, "the text ends where a value should follow")
        else:
            self._problems.add(token.at, f"a value is missing before {token.text!r}")
            if not (token.text in (")", ",", "and", "or") or token.text in _POWER):
                self._take()
        return Wrong(token.at, token.end)

    def _unexpected(self, token: Token) -> None:
        if token.text == ")":
            self._problems.add(token.at, "there is no ( that this ) closes")
        elif token.text == ",":
            self._problems.add(token.at, "a comma stands only between the arguments of a function")
        elif token.text in ("min", "hour", "hours", "minutes", "seconds"):
            self._problems.add(token.at, f"unexpected {token.text!r}; durations are written 10m, 1h")
        else:
            self._problems.add(
                token.at, f"unexpected {token.text!r}; an operator (and, or, <, +, ...) is missing before it"
            )

    def _count(self, node: Node) -> Node:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            return self._too_much(f"more than {MOST_NODES} parts; make two rules of it")
        return node

    def _too_much(self, message: str) -> Wrong:
        """One thing is said, and no more is read."""
        at = self._next.at
        if not self._gave_up:
            self._problems.add(at, message)
        self._gave_up = True
        self._at = len(self._tokens) - 1
        return Wrong(at, at)
