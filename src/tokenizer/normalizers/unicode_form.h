#pragma once

#include <memory>

#include "json/json_document.h"
#include "tokenizer/normalizers/canonical_order.h"
#include "tokenizer/normalizers/normalizer.h"

namespace embd {

// NFD, NFKD, NFC and NFKC: Unicode's normalization forms.
class UnicodeForm : public Normalizer {
 public:
  static std::unique_ptr<Normalizer> Nfd(const JsonValue& json);
  static std::unique_ptr<Normalizer> Nfkd(const JsonValue& json);
  static std::unique_ptr<Normalizer> Nfc(const JsonValue& json);
  static std::unique_ptr<Normalizer> Nfkc(const JsonValue& json);

  UnicodeForm(Decomposition decomposition, bool compose)
      : decomposition_(decomposition), compose_(compose) {}
  Result<void> Normalize(NormalizedText& text, NormalizedText& spare) const override;

 private:
  // Whether the text is in the form already, as far as a look at each character by itself can tell.
  bool IsPlain(std::string_view text) const;

  Decomposition decomposition_;
  bool compose_;
};

}  // namespace embd
