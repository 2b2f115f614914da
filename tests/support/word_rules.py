"""Words and patterns that a text for people may not have, each with a hint and with an example of both sides."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Rule:
    """One refused pattern. `refuses` and `accepts` are examples. Code in backticks is checked only where `in_code`."""

    name: str
    pattern: str
    hint: str
    refuses: str
    accepts: str
    in_code: bool = False


_BE = r"(?:is|are|was|were|be|been)"
_BE_OR_HAVE = r"(?:is|are|was|were|has|had|have)"

# fmt: off
RULES: Final = (
    # Subjects: a program, AWS, a role or "you".
    Rule("unnamed subject",
         r"\b(?:nobody|somebody|whoever|whomever|anybody|everybody|(?:someone|anyone|everyone) else)\b",
         'name the program, AWS, the role, "you" or "another run"',
         "nobody has classified it", "unclassified attributes may contain personal data"),
    Rule("whatever", r"\bwhat(?:so)?ever\b", '"even if …", "any", or name it',
         "Use the embedded AWS, whatever account is named.",
         "Use the embedded AWS even if the stack file names an account."),
    Rule("told", r"\btold\b(?! you\b)|\btells\b(?! you\b)", "reported, shown, sent to",
         "properties are told by their paths", "the comment shows only property paths"),
    Rule("said",
         r"\bsaid\b|\bsays? so\b|; say (?:how|who|which|what)\b"
         r"|\b(?:it|they|registry|records?|state|stacks?|settings|tags?|lock|catalog|plan|lease|clock|manifest|option"
         r"|variables?|program|engine|kind|names?|tables?) says?\b",
         "reports, prints, names, declares, sets",
         "the first one does, and the settings say which", "the error says which file is missing"),
    Rule("says what", r"\b(?:and|that|to|only|line) says? (?:what|who|whose|why|which|that)\b",
         "reports, prints or shows, with a noun",
         "finds the CLI and says what is missing", "finds the CLI and reports missing tools"),
    Rule("no word", r"\b(?:no|without a|latest|last) word\b", "no error message; the latest value",
         "the engine ended with code 255 and no word", "the Pulumi CLI exited with code 255 and no error message"),
    Rule("answers for", r"\banswers? for\b", "owner, owns", "Who answers for it.", "Owner of the environment."),
    Rule("speaks to", r"\bspeaks?\b", "uses, sends requests to, HTTP client",
         "How to speak to DynamoDB.", "HTTP client: raw (fast, default) or botocore."),
    Rule("hears of", r"\bhears? of\b", "is not sent to", "AWS never hears of it", "it is not sent to AWS"),
    Rule("of ours", r"\bof (?:ours|yours|theirs)\b|\banother's\b", "name the tag, the stack or the owner",
         "it has no tags of ours", "it has no tee:* tags"),
    Rule("for who", r"\b(?:for|to|by|of) who\b", "name the reader or the role",
         "For who changes it", "For contributors"),
    # No clause as a noun.
    Rule("what is there",
         rf"\bwhat (?:{_BE_OR_HAVE}|differs|lacks|stands|lives|belongs|goes|comes|went|came|remains)\b(?![^.;:]*\?)",
         "a noun: the live resources, the plan, the history, missing tools, differences",
         "Writes what is there into the state.", "Writes the live properties into the state."),
    Rule("what it is", rf"\bwhat (?:there|it|they) {_BE_OR_HAVE}\b(?![^.;:]*\?)",
         "a noun: the contents, the resources, the earlier settings",
         "it says what there was", "it lists the former resources"),
    Rule("whose it is",
         r"\bwhose (?:it|they)\b|\b(?:says?|find out|knows?|tells?) whose\b|(?:^|[;:] )whose\b|\bwhose\W*$",
         "owner",
         "no registry record says whose it is", "no registry record names its owner"),
    Rule("how far", r"\bhow far (?:it|they)\b", "progress", "Where to note how far it is", "File for the progress"),
    Rule("such thing", r"\bno such thing\b", "state the rule: a partial listing is an error",
         "There is no such thing as a part of a list.", "A partial listing is an error."),
    Rule("nothing of it", r"\b(?:nothing|something|anything|everything) of (?:it|them|its|that)\b",
         "none of its resources, some of its resources", "nothing of it is left", "none of its resources exist"),
    # only, again, automatically.
    Rule("alone", r"\balone\b", "only; not changed", "for feature environments alone", "for feature environments only"),
    Rule("anew", r"\banew\b", "again, from the start", "start anew without --resume", "start again without --resume"),
    Rule("by itself", r"\b(?:by|of) (?:itself|themselves)\b|\bof (?:its|their) own accord\b", "automatically",
         "its lock ends by itself", "its lock expires automatically"),
    Rule("all the same", r"\b(?:and|but|there|them|it|one) all the same\b", "but, still",
         "and all the same it has 3 tables", "but 3 tables still exist"),
    Rule("only so many", r"\b(?:exactly|only|up to) so (?:many|much)\b", "give the number or its placeholder",
         "Take exactly so many members.", "Copy exactly N members."),
    Rule("else", r"[;,] else\b(?! if\b)", '"Default: X.", or "otherwise"',
         "kept, else 72h", "Default: unchanged, or 72h for a new environment."),
    Rule("as 72h", r", as (?:in )?(?:\d|feature/)|\bas in '?\d|\bas \d+[mhd]\b", "e.g. 72h",
         "How long it lives, as 72h.", "Lease after the last activity, e.g. 72h."),
    Rule("one a line", r"\bone (?:\w+ )?a line\b", "one per line", "branches, one a line", "branches, one per line"),
    # The field's nouns.
    Rule("standing", r"\bstanding\b|\bstands\b(?! (?:for|in for)\b)|\bstood\b|\b(?:that|which|environments) stand\b",
         "permanent; is", "every environment that stands", "every permanent environment"),
    Rule("is over", rf"\b{_BE} over\b(?! (?:\d|an? |the |\{{))", "expired, ended",
         "environments whose time is over", "expired environments"),
    Rule("behind its back", r"\bbehind .{1,20}\bback\b", "drift",
         "was anything changed behind the stack's back?", "detect drift"),
    Rule("never existed", r"\bnever existed\b", "synthetic members", "people who never existed", "synthetic members"),
    Rule("people",
         r"\b(?:\d+|\{\}|how many|some|some of its|other|same|which|synthetic|of its|share of the|many) people\b",
         "members",
         "Take about this share of the people.", "Copy about this share of the members."),
    Rule("environments of branches", r"\b(?:environments?|those) of (?:a branch|branches)\b",
         "feature environment, per-branch environment",
         "Environments of branches: list them.", "List the feature environments."),
    Rule("swept", r"\bswe(?:ep|eps|pt)\b|\breclaim\w*\b", "leftover, delete", "swept 3 tables", "deleted 3 leftovers"),
    Rule("whole", rf"\b(?:{_BE}|not) whole\b", "complete, intact",
         "a listing is whole or an error", "an incomplete listing is an error"),
    Rule("in part", r"\bin part\b|\btwo sides differ\b", "partial failure; differences found",
         "5 done in part or two sides differ", "5 partial failure or differences found"),
    Rule("is no X",
         rf"(?<!there )\b{_BE} no (?!longer\b|more\b|different\b|other\b|later\b|earlier\b|need\b|way\b|reason\b)\w"
         r"|, no (?:time|address|branch|environment|setting|number|condition)\b",
         "is not a …, is not valid …",
         "'yesterday' is no time", "'yesterday' is not a timestamp"),
    # One verb per operation: create, update, destroy, extend, hold, release, copy, compare, restore, resume.
    Rule("go on", r"\b(?:go|goes|going|went|gone) on\b(?! (?:to|top|the|an?|each|every|this|pull)\b)",
         "continue, resume, is running", "a lease that goes on", "a lease that has not expired"),
    Rule("go by", r"\bgo(?:es)? by\b", "use", "The clock to go by", "The clock to use"),
    Rule("let go", r"\blets? (?:\w+ ){1,4}go\b|\blets? an environment live\b", "destroy; extend",
         "let the other one go first", "destroy the other one first"),
    Rule("mend", r"\bmend(?:s|ed|ing)?\b", "repair", "Mend it: tee-infra repair", "Repair it: tee-infra repair"),
    Rule("put right", r"\bput(?:s|ting)? (?:\w+ ){0,3}right\b", "correct, repair",
         "the next up puts it right", "the next up corrects it"),
    Rule("see to it", r"\b(?:see|sees|seen) to (?:it|that|them|this)\b|\bcan see to\b",
         "repair, fix, is responsible for", "See to it: tee-infra repair", "Repair it: tee-infra repair"),
    Rule("bring back",
         r"\b(?:bring|brings|bringing|brought)\b.{0,30}?\b(?:back|up to date|to life)\b|\bcomes? to life\b",
         "restore, update, create",
         "Bring tables back.", "Restore tables."),
    Rule("give back", r"\b(?:give|gives|given|gave|giving)(?: \w+){0,2} back\b", "release, return, restore",
         "gave the lock back", "released the lock"),
    Rule("take over", r"\b(?:take|takes|taken|took|taking)(?: it| them| those| that)? over\b", "adopt",
         "a create that is taken over", "an adopted create"),
    Rule("make again", r"\b(?:make|makes|made|making)(?: it| them)? again\b", "create again, recreate",
         "Refuse to make again a destroyed one.", "Refuse to recreate a destroyed one."),
    Rule("to its end", r"\bto (?:its|their) end\b", "completely, until it has finished",
         "it was never made to its end", "its create never finished"),
    Rule("at work", r"\b(?:be|is|are) at (?:it|work)\b|\bin the making\b", "running, in progress",
         "a writer that may be at work", "a writer that may be running"),
    Rule("stays as it is", r"\bstay(?:s|ed)? as (?:it|they) (?:is|are|was|were)\b", "is not changed",
         "the table stays as it is", "the table is not changed"),
    Rule("taken for", r"\b(?:take|takes|taken|took)(?: \w+){0,2} for (?:today|alive|an? (?:failure|error))\b",
         "treated as, used as", "What the data takes for today.", "The data's current day."),
    Rule("look whether", r"\blook(?:s|ed)? (?:\w+ ){0,2}whether\b", "check whether",
         "look in AWS whether it exists", "check in AWS whether it exists"),
    Rule("variables lead", r"\bvariables lead\b|\bleads? nowhere\b",
         "the endpoint or account of the shell's AWS variables",
         "where this shell's variables lead", "the endpoint in AWS_ENDPOINT_URL"),
    Rule("should X have", r"(?:^|[.;] )should (?:that|the|this|it)\b", "if",
         "Should that process have died, wait.", "If that process has died, wait."),
    Rule("a table less", r"\ban? (?:table|index|column|region|resource|field) (?:less|more)\b(?! than\b)",
         "removed or added", "a table less", "a removed table"),
    # No advice that loses data.
    Rule("delete as advice",
         r"(?:^|[;:,.] |\b(?:or|and|then) )(?:first )?(?:delete|drop|remove) "
         r"(?:the|that|this|it|its|them|these|those|your)\b"
         r"(?: old| live| existing)?(?: (?:tables?|resources?|data|stacks?)\b(?! (?:lock|name))"
         r"|(?: first)?(?: and|, and| then|[.;]?$))"
         r"|\bdelete them by hand\b|\bdelete-table\b"
         r"|(?:[;:,.] |\b(?:or|and|then|first) )(?:delete|drop) (?:tables? \{|data\b)",
         "advise `tee-infra repair ENV` or a slot, never a deletion",
         "Adopt it, or delete it, and run again", "Adopt it: tee-infra repair ENV"),
    Rule("protection off as advice",
         r"\b(?:protect|deletion_protection)\b\W{1,3}(?:to )?false|\bset [^.;]*protect\w* to false"
         r"|\bset (?:both|them|it) to false\b|\bstate unprotect\b"
         r"|(?:^|[|:;,.] |\b(?:or|and|then|first|to) )"
         r"(?:disable (?=the |its |their )|remove |lift |drop |clear |unset )"
         r"(?:the |its |their |this |that |all )?(?:deletion[_ ])?protect(?:ions?)?\b"
         r"|no-deletion-protection|(?:^|[:;,.] )(?:switch|turn|take) (?:off )?[^.;:]*protection(?: off)?\b",
         "advise a slot (prod-v2), never unprotected data",
         "To delete them, set environment.protect to false", "Make the change in a slot: prod-v2", in_code=True),
    Rule("pulumi as advice", r"(?:[:;,] |\bwith |\brun )`?pulumi (?:import|cancel|state|destroy)\b",
         "advise `tee-infra repair ENV`: pulumi import makes a second URN, and cancel breaks live locks",
         "Adopt it with pulumi import TYPE NAME ID", "Adopt it: tee-infra repair ENV"),
    # One spelling.
    Rule("-ise",
         r"\b\w*(?:nonymis|organis|initialis|normalis|synchronis|recognis|authoris|summaris|optimis|finalis|customis|utilis"
         r"|prioritis|standardis|serialis|minimis|categoris|generalis|specialis)(?:e|es|ed|ing|er|ation|ations)\b(?!\.\w)",
         "-ize, as in anonymize",
         "anonymise the copy", "anonymize the copy", in_code=True),
)
# fmt: on
