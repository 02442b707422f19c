"""The grammar of membership rules (`entra-graph.md` §3.2), for lark.

The lexer is told everything that can stand in a rule, and a last terminal for any other word, so
that an error names the word as it was written; lark keeps that terminal only because a rule that
can never begin uses it. Hyphens before operators may be left out, and an en dash, which word
processors make of them, counts as one (DYN-022).
"""

from __future__ import annotations

from typing import Final

from lark import Lark

GRAMMAR: Final = r"""
start: direct_reports | condition | NEVER (WORD | MARK)

direct_reports: REPORTS_OF text_value

?condition: any_of
?any_of: all_of (OR all_of)*
?all_of: denial (AND denial)*
?denial: NOT denial -> negation
       | primary
?primary: "(" condition ")" -> group
        | comparison
        | quantified
comparison: OPERAND COMPARE value
          | OPERAND IN list
quantified: OPERAND QUANTIFIER "(" condition ")"
          | OPERAND QUANTIFIER comparison
list: "[" value ("," value)* "]"
?value: text_value
      | TRUE | FALSE | NULL | NUMBER | TIME
      | NOW -> now
      | NOW SHIFT DURATION -> now
?text_value: TEXT | QUOTED | ESCAPED | GUID

REPORTS_OF.9: /direct\s+reports\s+for(?![\w.])/i
OR.8: /[-\u2013\u2014]?or(?![\w.])/i
AND.8: /[-\u2013\u2014]?and(?![\w.])/i
NOT.8: /[-\u2013\u2014]?not(?![\w.])/i
IN.8: /[-\u2013\u2014]?(notin|in)(?![\w.])/i
COMPARE.8: /[-\u2013\u2014]?(eq|ne|le|ge|(not)?(startswith|endswith|contains|match))(?![\w.])/i
QUANTIFIER.8: /[-\u2013\u2014]?(any|all)(?![\w.])/i
SHIFT.8: /[-\u2013\u2014]?(plus|minus)(?![\w.])/i
TRUE.7: /true(?![\w.-])/i
FALSE.7: /false(?![\w.-])/i
NULL.7: /null(?![\w.-])/i
NOW.7: /system\.now(?![\w.])/i
OPERAND.7: /(user|device|assignedplan|group)\.[a-z]\w*(?![\w.])|_(?![\w.])/i
GUID.6: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])/i
TIME.5: /\d{4}-\d\d-\d\d(t[0-9:.]+(z|[+-]\d\d:?\d\d)?)?(?![\w:.+-])/i
NUMBER.4: /-?\d+(\.\d+)?(?![\w:.-])/
DURATION.4: /p(?=[0-9t])[0-9.ymwdths]+(?![\w.-])/i
TEXT: /"(?:[\\`]"|[^"\\`]|[\\`](?!"))*"/
QUOTED: /'(?:''|[^'])*'/
ESCAPED: /[\\`]"(?:[^"\\`]|[\\`](?!"))*[\\`]"/
NEVER: /(?!)x/
WORD.-9: /[^\s()\[\],"']+/
MARK.-9: /["']/

%import common.WS
%ignore WS
"""

PARSER: Final = Lark(GRAMMAR, parser="lalr", lexer="basic", propagate_positions=True)

WORDS: Final = {
    "REPORTS_OF": "Direct Reports for",
    "OR": "-or",
    "AND": "-and",
    "NOT": "-not",
    "IN": "-in",
    "COMPARE": "an operator such as -eq",
    "QUANTIFIER": "-any or -all",
    "SHIFT": "-plus or -minus",
    "TRUE": "true",
    "FALSE": "false",
    "NULL": "null",
    "NOW": "system.now",
    "OPERAND": "a property such as user.department",
    "GUID": "an id",
    "TIME": "a time",
    "NUMBER": "a number",
    "DURATION": "a duration such as p7d",
    "TEXT": "a text in double quotes",
    "QUOTED": "a text in single quotes",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "COMMA": ",",
    "$END": "the end of the rule",
}
"""What people are told that could have stood somewhere, by terminal."""
