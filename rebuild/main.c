/* enclave-rebuild: from a commit and an image to an EIF. It has no verbs yet. */
#include <stdio.h>
#include <string.h>

#define PROGRAM "enclave-rebuild"

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts(PROGRAM " " ENCLAVECHECK_VERSION) < 0 ? 3 : 0;
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return puts("Usage: " PROGRAM
			    " --help | --version\nThis version has no verbs yet.") < 0 ?
			       3 :
			       0;
	(void)fputs(PROGRAM ": this version has no verbs yet\n", stderr);
	return 2;
}
