"""Walking over the Markdown pages and doing what their examples say.

The blocks of a section are carried out in order, in a project of the section's own. What they are is told by the
language of their fence, or by how they begin:

    yaml     a file of the project: its entries take the place of those of the same names; `metricast validate` follows
    console  `$ metricast …` lines, each with what it prints below it; a line `…` stands for lines that are left out
    sh       commands that must succeed; what they print is not shown
    sql      what the command right above prints, if that block does not show it; `json`, `csv` and `text` too
    python   is run in the folder that holds the project

Comments before a block, or anywhere for the page, say what cannot be seen:

    <!-- project: shop -->                 the page's examples start from tests/pages/shop/, YAML and rows
    <!-- base -->                          this block belongs to the project of the whole page
    <!-- in: datasets.users -->            this YAML stands within that entry
    <!-- each line in: metrics.logins -->  and so does each of its lines by itself
    <!-- not run: why -->                  this block is only read
"""
