# The front door: `make help`. Every target installs what it lacks (Debian packages as root or through
# sudo, Python packages into .venv), says what it does, and may be repeated. The work itself is done by
# CMake presets (CMakePresets.json) and the scripts in tools/.

MODEL_ID ?= models/all-MiniLM-L6-v2
PORT ?= 8080
ARGS ?=
PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60
UNITY ?= ON
TIDY ?= all
PYTEST_ARGS ?=
BENCH_ARGS ?=
BENCH_PEERS ?= 1
FILES ?=
SUFFIX ?= this-machine

EMBD := build/release/src/app/embd
PYTHON := .venv/bin/python
BENCHED := --binary $(EMBD) --model models/all-MiniLM-L6-v2

# Objects are the same in every clone (see -ffile-prefix-map), so one compiled elsewhere will do.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

# Configures and builds one preset, through ccache when it is there. But for the binary that is shipped, sources
# are compiled a dozen at a time, which makes a whole build several times as fast; UNITY=OFF suits those who change
# one at a time.
define build_preset
	@echo "==> Building preset '$(1)'"
	@launcher=$$(command -v ccache || true); \
	  cmake --preset $(1) -DCMAKE_CXX_COMPILER_LAUNCHER="$$launcher" -DCMAKE_UNITY_BUILD=$(if $(filter release,$(1)),OFF,$(UNITY)) \
	    --log-level=NOTICE >/dev/null
	@cmake --build --preset $(1)
endef

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help serve build test test-unit test-threads test-e2e test-clients test-tokenizers lint format fuzz bench
.PHONY: bench-build bench-forward bench-http bench-similarity bench-loss bench-scaling bench-fairness bench-peers
.PHONY: test-arm64 bench-overhead bench-tokenizers plots install clean distclean
.PHONY: deps-build deps-python deps-test deps-arm64 deps-lint deps-fuzz deps-bench deps-clients default-model

help: ## Print this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make serve MODEL_ID=<folder or hub id> PORT=<port> ARGS='<options of embd>'"
	@echo "  make fuzz FUZZ_SECONDS=600    make lint TIDY=changed    make test-e2e PYTEST_ARGS='-k golden'"
	@echo "  make test-tokenizers FILES='gpt2 xlm_roberta'"
	@echo "  make bench BENCH_ARGS='--rounds 9 --seconds 4'    make bench-fairness BENCH_ARGS='--think-ms 0'"

serve: build ## Build the release binary, fetch the default model, serve it on port 8080
	@if [ "$(MODEL_ID)" = models/all-MiniLM-L6-v2 ]; then $(MAKE) --no-print-directory default-model; fi
	@echo "==> Serving $(MODEL_ID) on port $(PORT). Once the log says Ready, try:"
	@echo "    curl localhost:$(PORT)/embed -H 'Content-Type: application/json' -d '{\"inputs\":\"What is Deep Learning?\"}'"
	@exec $(EMBD) --model-id "$(MODEL_ID)" --port $(PORT) $(ARGS)

build: deps-build deps-python ## Build the release binary, build/release/src/app/embd
	@tools/fetch_swagger_ui.sh build/swagger-ui || true
	$(call build_preset,release)

test: test-unit test-threads test-e2e ## Run every test: unit (ASan+UBSan), threads (TSan), end to end

test-unit: deps-test ## Run the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(call build_preset,dev)
	@echo "==> Unit tests under ASan and UBSan"
	@ctest --preset dev --no-tests=error

test-threads: deps-test ## Run the tests where threads meet under ThreadSanitizer
	$(call build_preset,tsan)
	@echo "==> Tests where threads meet, under TSan"
	@ctest --preset tsan --no-tests=error

test-e2e: build default-model .venv/requirements-test.stamp ## Run the end-to-end tests against the release binary
	@echo "==> End-to-end tests"
	@$(PYTHON) -m pytest tests/e2e tests/clients/test_huggingface_hub.py tests/clients/test_openai_client.py $(PYTEST_ARGS)

test-clients: deps-clients build default-model build/venv-clients/stamp tests/clients/node/node_modules ## Run other people's clients, unmodified, against the release binary (installs over 1 GB once)
	@echo "==> Clients against embd"
	@build/venv-clients/bin/python -m pytest tests/clients $(PYTEST_ARGS)

build/venv-clients/stamp: tests/clients/requirements.txt | deps-python
	@echo "==> Installing the clients into build/venv-clients"
	@python3 -m venv build/venv-clients
	@build/venv-clients/bin/pip install --quiet --disable-pip-version-check --no-deps -r tests/clients/requirements.txt
	@touch $@

tests/clients/node/node_modules: tests/clients/node/package-lock.json | deps-clients
	@echo "==> Installing the Node client"
	@npm ci --prefix tests/clients/node --no-audit --no-fund --loglevel=error
	@touch $@

test-tokenizers: build default-model .venv/requirements-tokenizers.stamp ## Compare with PyPI tokenizers on every character, fuzzed texts, prose (FILES=...: only those)
	@echo "==> Tokenizer files against the reference"
	@$(PYTHON) tools/tokenizer_diff.py --binary $(EMBD) --folder build/tokenizers $(FILES)

test-arm64: deps-arm64 ## Cross-build the arm64 binary, check its machine code, test its kernels under qemu
	@tools/make_arm64_sysroot.sh build/arm64-sysroot
	$(call build_preset,arm64)
	@echo "==> Tests of the arm64 kernels: their machine code, and under qemu"
	@ctest --preset arm64 --no-tests=error

lint: deps-lint .venv/requirements-lint.stamp ## Check format, include directions, sizes and clang-tidy (TIDY=changed: only what differs from HEAD)
	@echo "==> clang-format"
	@git ls-files -co --exclude-standard '*.cc' '*.h' | xargs -r clang-format-14 --dry-run -Werror
	@echo "==> Include directions and sizes"
	@python3 tools/check_layers.py --self-test
	@python3 tools/check_layers.py
	@python3 tools/check_sizes.py
	@echo "==> clang-tidy ($(TIDY))"
	@cmake --preset dev -B build/lint -DCMAKE_UNITY_BUILD=ON --log-level=NOTICE >/dev/null
	@$(PYTHON) tools/run_clang_tidy.py --build build/lint --files $(TIDY)

format: deps-lint ## Format all C++ sources in place
	@git ls-files -co --exclude-standard '*.cc' '*.h' | xargs -r clang-format-14 -i

fuzz: deps-fuzz ## Run each fuzz target for FUZZ_SECONDS seconds under ASan and UBSan
	$(call build_preset,fuzz)
	@tools/run_fuzzers.sh build/fuzz/tests/fuzz $(FUZZ_SECONDS)

bench: ## Run all of bench-* below but overhead and tokenizers; JSON in build/ (BENCH_PEERS=0: without the peers)
	@$(MAKE) --no-print-directory --keep-going bench-forward bench-http bench-similarity bench-loss bench-scaling \
	  bench-fairness $(if $(filter-out 0,$(BENCH_PEERS)),bench-peers)

bench-build: deps-bench build default-model .venv/requirements-test.stamp
	@cmake --preset release -DEMBD_BUILD_BENCH=ON --log-level=NOTICE >/dev/null
	@cmake --build --preset release --target embd_forward_bench embd_peak

bench-forward: bench-build ## Measure the forward pass on one core, beside the core's own peak
	@echo "==> The forward pass on one core, beside the core's own peak"
	@for dtype in float32 int8; do \
	  build/release/src/model/embd_forward_bench models/all-MiniLM-L6-v2 $$dtype "" 31 build/forward-$$dtype.json || exit 1; done

bench-http: bench-build ## Measure start-up, first requests, latency, throughput and memory over HTTP
	@echo "==> Over HTTP"
	@$(PYTHON) bench/http_bench.py $(BENCHED) --json build/http-bench.json $(BENCH_ARGS)

bench-similarity: bench-build ## Measure how each dtype ranks pairs of texts, beside people
	@echo "==> Pairs of texts as people rank them"
	@$(PYTHON) bench/similarity_bench.py $(BENCHED) --json build/similarity.json

bench-loss: bench-build ## Measure how far each dtype's embeddings are from float32's on 5,000 texts
	@echo "==> Cosine to float32"
	@$(PYTHON) bench/loss_bench.py $(BENCHED) --json build/loss.json

bench-scaling: bench-build ## Measure throughput from one thread to one on each core
	@echo "==> From one thread to all"
	@$(PYTHON) bench/scaling_bench.py $(BENCHED) --json build/scaling.json $(BENCH_ARGS)

bench-fairness: bench-build ## Measure a client with short texts under bulk traffic, and what it costs
	@echo "==> Short texts under bulk traffic"
	@$(PYTHON) bench/fairness_bench.py $(BENCHED) --json build/fairness.json $(BENCH_ARGS)

bench-peers: bench-build build/venv-peers/stamp ## Measure beside onnxruntime, openvino and torch (downloads some 4 GB once)
	@echo "==> Beside other engines"
	@build/venv-peers/bin/python bench/peers_bench.py $(BENCHED) --json build/peers-minilm.json $(BENCH_ARGS)
	@echo "==> Beside other engines, a BERT-base-shaped random model"
	@build/venv-peers/bin/python bench/peers_bench.py $(BENCHED) --random-base --json build/peers-base.json $(BENCH_ARGS)

bench-overhead: deps-bench build default-model ## Measure what the server itself costs for each request, and /health under load
	@python3 bench/overhead_bench.py $(BENCHED) $(BENCH_ARGS)

bench-tokenizers: build default-model .venv/requirements-tokenizers.stamp ## Measure tokenizers side by side with PyPI tokenizers (FILES=...: only those)
	@echo "==> embd and the reference in alternating rounds"
	@$(PYTHON) bench/tokenizer_bench.py --binary $(EMBD) --folder build/tokenizers-large \
	  --json build/tokenizer-bench.json $(if $(FILES),--files $(FILES)) $(BENCH_ARGS)

plots: build/venv-peers/stamp ## Draw what make bench and make bench-peers have written, into docs/plots (SUFFIX=<machine>)
	@build/venv-peers/bin/python bench/plot.py --from build --to docs/plots --suffix "$(SUFFIX)"

build/venv-peers/stamp: bench/peers/requirements.txt | deps-python
	@echo "==> Installing the peers into build/venv-peers"
	@python3 -m venv build/venv-peers
	@build/venv-peers/bin/pip install --quiet --disable-pip-version-check -r bench/peers/requirements.txt
	@touch $@

install: build ## Install embd, and text-embeddings-router as its second name, under PREFIX (/usr/local)
	install -D -m 755 $(EMBD) "$(DESTDIR)$(PREFIX)/bin/embd"
	ln -sf embd "$(DESTDIR)$(PREFIX)/bin/text-embeddings-router"

clean: ## Remove everything that was built
	rm -rf build .pytest_cache

distclean: clean ## Remove also what was fetched: models and the Python environment
	rm -rf .venv models

default-model: .venv/bin/pip
	@$(PYTHON) tools/fetch_default_model.py

deps-build deps-python deps-test deps-arm64 deps-lint deps-fuzz deps-bench deps-clients: deps-%:
	@tools/install_dependencies.sh $*

.venv/bin/pip: | deps-python
	@echo "==> Making .venv"
	@rm -rf .venv
	@python3 -m venv .venv

.venv/requirements-%.stamp: tools/requirements-%.txt .venv/bin/pip
	@echo "==> Installing $< into .venv"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@
