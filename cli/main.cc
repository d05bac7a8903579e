#include "cli/program.h"

// Settings of jemalloc, which reads them before main(): few arenas and quick return of freed pages, since one thread frees
// what another allocated. Without jemalloc (sanitizer builds) nobody reads them.
extern "C" {
extern const char* const malloc_conf;
const char* const malloc_conf = "narenas:4,dirty_decay_ms:1000,muzzy_decay_ms:0,background_thread:true";
}

int main(int argc, char** argv) { return telepost::cli::run_program({argv + 1, argv + argc}); }
