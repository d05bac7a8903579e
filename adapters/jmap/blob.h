// Bytes that a blob id stands for (RFC 8620 section 6), read in ranges and never held as a whole.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/jmap/blob_codec.h"
#include "schema/message.h"
#include "schema/scopes.h"
#include "store/store.h"
#include "store/uploads.h"

namespace telepost::adapters::jmap {

class Call;

// What a log-in must have opened for it: mail for what lies in messages, contacts for what lies in cards, either for an upload.
bool opens(schema::Scopes scopes, const BlobId& blob);

inline constexpr std::uint64_t kWholeBlob = ~std::uint64_t{0} >> 1;  // the size of a range that ends with the blob

class Blob {
 public:
  using Sink = std::function<bool(std::string_view)>;
  virtual ~Blob() = default;
  virtual std::string type() const = 0;  // its media type, as whoever made it says
  virtual std::string charset() const { return {}; }  // of a text, as whoever made it says; "" for none
  virtual std::string name() const { return {}; }  // of the file that it was, "" for none
  // Of a part with a transfer encoding: reads it.
  virtual Result<std::uint64_t> size() = 0;
  // In order, in pieces; beyond the end: fewer. false ends it.
  virtual Result<void> read(schema::ByteRange range, const Sink& sink) = 0;
  // The parts of the message that it is, whatever it is. Valid as long as this.
  virtual Result<const schema::Part*> structure();

 protected:
  std::optional<schema::Part> structure_;
};

// Errors: not_found (also a part that the message does not have), and those of reading the store. purpose: who reads the content.
Result<std::unique_ptr<Blob>> open_blob(store::Store& store, schema::AccountId account, const BlobId& id, store::Purpose purpose);

// A blob as a call names it: by its id, or by "#" and a creation id. None: there is no such blob, or none that the log-in opens. Errors: those of reading the store.
struct NamedBlob {
  BlobId id;
  std::unique_ptr<Blob> blob;
};
Result<std::optional<NamedBlob>> find_blob(const Call& call, schema::AccountId account, const std::string& name, store::Purpose purpose);

// All of a range. Precondition: it is no larger than what may be held.
Result<std::string> bytes_of(Blob& blob, schema::ByteRange range);

}  // namespace telepost::adapters::jmap
