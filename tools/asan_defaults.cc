// Linked into every binary by --config=asan (see --custom_malloc in .bazelrc).
// Debian's c-ares, which gRPC resolves names with, keeps a few bytes for the life of the process.
extern "C" const char* __lsan_default_suppressions() { return "leak:libcares\n"; }
