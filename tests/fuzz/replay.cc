// Runs one fuzz target over its corpus without libFuzzer: each file of the folder, the empty input, and a few cheap
// changes of each file (cut short, one byte turned over), the same ones in every run.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size_bytes);

namespace {

constexpr std::size_t kChangesPerFile = 32;

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

void run_with_changes(const std::string& input) {
  run(input);
  for (std::size_t i = 0; i < kChangesPerFile && i < input.size(); ++i) {
    std::size_t at = i * input.size() / kChangesPerFile;
    run(input.substr(0, at));
    std::string turned = input;
    turned[at] = static_cast<char>(turned[at] ^ 0x80);
    run(turned);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
    return 64;
  }
  run("");
  std::size_t files = 0;
  if (std::filesystem::is_directory(argv[1])) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
      std::ifstream file(entry.path(), std::ios::binary);
      run_with_changes(std::string(std::istreambuf_iterator<char>(file), {}));
      ++files;
    }
  }
  std::printf("%zu files of %s\n", files, argv[1]);
  return 0;
}
