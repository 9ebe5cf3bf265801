# Texts, their files, the specification.
zc_unit(template LINK zc_template)
zc_cases(mustache LINK zc_template)
