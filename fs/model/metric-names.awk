# metric-names.tsv as rows of C: what metric-builtin.c has.
BEGIN { FS = "\t" }
/^#/ { next }
{
	printf "{ VALUE_OF_%s, VALUE_%s, \"%s\", \"%s\", \"%s\" },\n", toupper($1), toupper($5), $2, $3, $4
}
