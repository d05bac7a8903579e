// One message in one file (<message> of message.xsd): document, annotations, state and content. Written and
// read in pieces: either way costs memory for the document and one chunk, whatever the content's size.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "schema/ids.h"
#include "schema/message.h"
#include "schema/xml/reader.h"

namespace telepost::schema {

struct ExportedPlacement {
  std::string mailbox;  // path with '/': "INBOX", "Work/2026"
  Uid uid;
  bool operator==(const ExportedPlacement&) const = default;
};

// What of a message may change.
struct ExportedState {
  std::vector<ExportedPlacement> placements;
  std::vector<std::string> keywords;  // JMAP: "$seen"
  Modseq created_modseq{};
  Modseq modseq{};
  bool operator==(const ExportedState&) const = default;
};

// Takes the XML piece by piece; an error ends the export.
using ExportSink = std::function<Result<void>(std::string_view xml)>;

// begin(), then content() as often as needed, in order, then finish(). One thread at a time; after an error,
// none.
class ExportWriter {
 public:
  explicit ExportWriter(ExportSink sink) : sink_(std::move(sink)) {}
  // Document and annotations as the store keeps them, without a declaration.
  Result<void> begin(std::string_view document_xml, const std::vector<std::string>& annotations_xml,
                     const ExportedState& state);
  Result<void> content(std::string_view source_bytes);
  Result<void> finish();

 private:
  Result<void> write_chunk(std::string_view bytes);
  ExportSink sink_;
  std::string waiting_;  // less than a chunk
};

// What an import receives, in this order; each may refuse, which ends the import with its error.
class ImportHandler {
 public:
  virtual ~ImportHandler() = default;
  virtual Result<void> document(const Document& document) = 0;
  virtual Result<void> annotation(const Annotation& annotation) = 0;  // any number
  virtual Result<void> state(const ExportedState& state) = 0;
  virtual Result<void> content(std::string_view source_bytes) = 0;  // any number, in order
};

struct ImportLimits {
  std::uint64_t content_bytes = std::uint64_t{1} << 30;  // of the source
};

// Validates against message.xsd while it reads, and in the end that the content has the size and the digest
// that the document says: only when this returns ok may what the handler got be kept. Errors: invalid,
// too_large, the handler's, the source's.
Result<void> read_export(const xml::ByteSource& source, ImportHandler& handler,
                         const ImportLimits& limits = {});

}  // namespace telepost::schema
