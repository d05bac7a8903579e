// Files as commands read and write them. "-" is stdin or stdout.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace telepost::cli {

// Gives the file's bytes piece by piece, "" at its end. Errors: invalid (it cannot be opened), io.
Result<std::function<Result<std::string>()>> read_pieces(const std::string& path);

// A file that appears whole or not at all: written beside its name and renamed by commit(). stdout for "" and "-".
class NewFile {
 public:
  static Result<std::unique_ptr<NewFile>> create(const std::string& path);  // invalid: it cannot be made; io
  ~NewFile();  // what was not committed is removed
  Result<void> write(std::string_view bytes);
  Result<void> commit();

 private:
  NewFile(std::string path, std::string temporary, int fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}
  const std::string path_;
  const std::string temporary_;  // "" for stdout
  int fd_;
};

// The whole file, or stdin for "-". too_large: over `limit` bytes.
Result<std::string> read_text(const std::string& path, std::size_t limit);

// The first line of the file, or of stdin without one; asked for without echo on a terminal. invalid: none, or over 1,000 bytes.
Result<std::string> read_secret(const std::string& path);

}  // namespace telepost::cli
