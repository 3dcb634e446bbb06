'use strict';
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const data = name => { const found = document.getElementById(name); return found ? JSON.parse(found.textContent) : null; };
  const make = (tag, entries = {}, ...inside) => {
    const found = document.createElement(tag);
    for (const [name, value] of Object.entries(entries)) {
      if (name.startsWith('on')) found.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined) found.setAttribute(name, value);
    }
    found.append(...inside);
    return found;
  };
  const figures = value => value === null || value === undefined ? '-'
    : Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 6 });
  const percent = share => `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)}%`;
  document.documentElement.classList.add('scripted');

  // Tables: sort, filter, copy, download -----------------------------------------------------------------------------

  const FILTERED = 8;
  const number = text => {
    const plain = text.replace(/[,\s%]/g, '').replace('−', '-');
    return plain !== '' && /^[+-]?[\d.]+(e[+-]?\d+)?/i.test(plain) ? parseFloat(plain) : null;
  };
  const words = cell => (cell.title || cell.textContent).replace(/\s+/g, ' ').trim();
  const isTotal = row => words(row.cells[0]) === 'together' || row.classList.contains('total');

  const sortBy = (table, at, head) => {
    const rising = head.getAttribute('aria-sort') !== 'ascending';
    $$('thead th', table).forEach(other => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', rising ? 'ascending' : 'descending');
    const body = table.tBodies[0];
    const rows = [...body.rows].filter(row => !isTotal(row));
    const last = [...body.rows].filter(isTotal);
    const keys = new Map(rows.map(row => [row, words(row.cells[at])]));
    const counted = rows.every(row => number(keys.get(row)) !== null || ['-', '', 'never'].includes(keys.get(row)));
    const value = row => number(keys.get(row)) ?? Infinity;
    rows.sort((one, other) => {
      const first = counted ? value(one) - value(other)
        : keys.get(one).localeCompare(keys.get(other), 'en', { numeric: true });
      return (rising ? 1 : -1) * (Number.isNaN(first) ? 0 : first);
    });
    body.append(...rows, ...last);
  };

  const guard = text => /^[=+\-@\t\r]/.test(text) && number(text) === null ? `'${text}` : text;
  const csv = table => [...table.rows].filter(row => !row.hidden && !row.classList.contains('off'))
    .map(row => [...row.cells].filter(cell => !cell.classList.contains('off'))
    .map(cell => `"${guard(words(cell)).replace(/"/g, '""')}"`).join(',')).join('\r\n') + '\r\n';

  $$('.scroll > table').forEach((table, place) => {
    const rows = table.tBodies[0] ? table.tBodies[0].rows : [];
    if (rows.length < 2 || !table.tHead) return;
    const name = words(table.caption || table.closest('.scroll'));
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, at) => {
      if (!words(head) || $('.unseen', head)) return;
      const button = make('button', { type: 'button', class: 'sort', onclick: () => sortBy(table, at, head) });
      button.append(...head.childNodes);
      head.append(button);
    });
    const said = make('span', { role: 'status' });
    const tools = make('div', { class: 'tools' });
    if (rows.length >= FILTERED) {
      const field = make('input', { type: 'search', placeholder: 'filter rows', 'aria-label': `Filter rows: ${name}` });
      field.addEventListener('input', () => {
        const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
        let shown = 0;
        for (const row of rows) {
          row.hidden = !wanted.every(part => row.textContent.toLowerCase().includes(part));
          shown += !row.hidden;
        }
        said.textContent = field.value ? `${shown} of ${rows.length} rows` : '';
      });
      tools.append(field);
    }
    tools.append(
      make('button', { type: 'button', 'aria-label': `Copy as CSV: ${name}`, onclick: () => {
        const text = csv(table);
        const done = () => { said.textContent = 'Copied.'; };
        const byHand = () => {
          const area = make('textarea', { readonly: '' });
          area.value = text;
          document.body.append(area);
          area.select();
          document.execCommand('copy');
          area.remove();
          done();
        };
        if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, byHand); else byHand();
      } }, 'copy'),
      make('button', { type: 'button', 'aria-label': `Download as CSV: ${name}`, onclick: () => {
        const file = URL.createObjectURL(new Blob(['\ufeff', csv(table)], { type: 'text/csv' }));
        const link = make('a', { href: file, download: `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, 40) || `table-${place}`}.csv` });
        link.click();
        setTimeout(() => URL.revokeObjectURL(file), 1000);
      } }, 'CSV'),
      said,
    );
    table.closest('.scroll').before(tools);
  });

  // Weeks and map: one scenario, one week ----------------------------------------------------------------------------

  const weekly = data('weeks-data');
  const flows = data('flows-data');
  const weeks = weekly ? weekly.weeks : 0;
  const state = { scenario: '', week: null, hidden: new Set(), before: false, from: 0, to: weeks };
  const changed = [];
  const tell = () => changed.forEach(each => each());

  const scenarios = Object.entries((weekly || flows || { scenarios: {} }).scenarios);
  const choosers = [];

  // The weeks that the charts show: typed here, or dragged over a chart.
  const span = (from, to) => {
    state.from = Math.max(0, Math.min(from, weeks - 1));
    state.to = Math.min(weeks, Math.max(to, state.from + 1));
    tell();
  };
  const spans = () => {
    const field = () => make('input', { type: 'number', min: 0, max: weeks - 1, step: 1 });
    const first = field(), last = field();
    first.addEventListener('change', () => span(Number(first.value), Math.max(state.to, Number(first.value) + 1)));
    last.addEventListener('change', () => span(Math.min(state.from, Number(last.value)), Number(last.value) + 1));
    const whole = make('button', { type: 'button', onclick: () => span(0, weeks) }, 'whole horizon');
    choosers.push(() => {
      first.value = state.from;
      last.value = state.to - 1;
      whole.disabled = state.from === 0 && state.to === weeks;
    });
    return make('fieldset', {}, make('legend', {}, 'Weeks drawn: type, or drag across a chart'),
      make('label', {}, 'from ', first), make('label', {}, 'to ', last), whole);
  };
  const controls = place => {
    if (!place || !scenarios.length) return;
    const map = place.dataset.controls === 'map';
    const select = make('select', {}, ...(map ? [make('option', { value: ' ' }, 'before the announcement')] : [make('option', { value: '' }, 'all, as drawn')]),
      ...scenarios.map(([id, name]) => make('option', { value: id }, name)));
    const slider = make('input', { type: 'range', min: 0, max: weekly.weeks - 1, step: 1, value: 0 });
    const output = make('output', {});
    const reset = make('button', { type: 'button', onclick: () => { state.week = null; tell(); } }, 'all weeks');
    select.addEventListener('change', () => {
      state.before = select.value === ' ';
      if (!state.before) state.scenario = select.value;
      tell();
    });
    slider.addEventListener('input', () => { state.week = Number(slider.value); tell(); });
    place.append(make('label', {}, 'Scenario ', select), make('label', {}, 'Week ', slider), output, reset);
    if (!map && scenarios.length > 1) {
      const shown = make('fieldset', {}, make('legend', {}, 'Lines shown'));
      for (const [id, name] of scenarios) {
        const box = make('input', { type: 'checkbox' });
        box.checked = true;
        box.addEventListener('change', () => { state.hidden[box.checked ? 'delete' : 'add'](id); tell(); });
        shown.append(make('label', {}, box, ` ${name}`));
      }
      place.append(shown);
    }
    if (!map) place.append(spans());
    choosers.push(() => {
      select.value = map && state.before ? ' ' : state.scenario || (map ? scenarios[0][0] : '');
      slider.value = state.week ?? 0;
      const said = state.week === null ? 'all weeks' : `week ${state.week}`;
      slider.setAttribute('aria-valuetext', said);
      output.textContent = said;
      reset.disabled = state.week === null;
    });
  };
  if (weekly) $$('[data-controls]').forEach(controls);
  changed.push(() => choosers.forEach(each => each()));

  const ground = /^M[\d.]+,[\d.]+h([\d.]+)v([\d.]+)h-/;
  const charts = weekly ? $$('figure[data-key]').filter(figure => weekly.charts[figure.dataset.key]) : [];

  // What of a plot moves when fewer weeks are drawn: lines and areas are stretched, marks and words are shifted.
  const moves = (path, width, height, name) => {
    const found = { stretched: [], lines: [], words: [], ticks: [], labels: [] };
    for (const each of $$('line, text, path', path.parentNode)) {
      const at = /^translate\(([-\d.e]+)/.exec(each.getAttribute('transform') || '');
      const x = at ? Number(at[1]) : 0, long = Number(each.getAttribute('x2')), high = Number(each.getAttribute('y2'));
      if (each.tagName === 'path') {
        if (/^M[^h]*L/.test(each.getAttribute('d'))) found.stretched.push(each);
      } else if (!at || x < -1) continue;
      else if (each.tagName === 'text') {
        if (/^\d+$/.test(each.textContent)) found.labels.push(each);
        else if (each.textContent !== 'week') found.words.push([each, x]);
      } else if (long === 0 && high === 5) found.ticks.push(each);
      else if (long >= 0 && Math.abs(high) < height - 1 && !(x < 1 && long > width - 1)) found.lines.push([each, x, long]);
    }
    const svg = path.ownerSVGElement, clip = document.createElementNS(svg.namespaceURI, 'clipPath');
    const box = document.createElementNS(svg.namespaceURI, 'rect');
    for (const [key, value] of [['y', -9], ['width', width], ['height', height + 10]]) box.setAttribute(key, value);
    clip.id = name;
    clip.append(box);
    svg.prepend(clip);
    return found;
  };
  const shift = (each, x) => each.setAttribute('transform', each.getAttribute('transform').replace(/^translate\([-\d.e]+/, `translate(${x}`));
  const stretch = (found, width, name) => {
    const { from, to } = state, whole = from === 0 && to === weeks, scale = weeks / (to - from);
    const now = x => (x - width * from / weeks) * scale;
    for (const each of found.stretched) {
      each.parentNode.setAttribute('clip-path', whole ? 'none' : `url(#${name})`);
      each.setAttribute('transform', `matrix(${scale} 0 0 1 ${now(0)} 0)`);
      each.setAttribute('vector-effect', 'non-scaling-stroke');
    }
    for (const [each, x, long] of found.lines) {
      const start = Math.max(0, now(x)), end = Math.min(width, now(x + long));
      each.style.display = end < start || start > width ? 'none' : '';
      shift(each, start);
      each.setAttribute('x2', Math.max(0, end - start));
    }
    for (const [each, x] of found.words) {
      const aside = each.getAttribute('text-anchor') === 'end' ? -4 : 4, at = now(x - aside) + aside;
      shift(each, at);
      each.style.display = at < 0 || (aside > 0 && !whole && at + each.getComputedTextLength() > width + 12) ? 'none' : '';
    }
    [...found.ticks, ...found.labels].forEach(each => { each.style.display = whole ? '' : 'none'; });
    if (!found.labels.length) return;
    const [label] = found.labels, all = label.parentNode;
    $$('.drawn', all).forEach(each => each.remove());
    const step = [1, 2, 5, 10, 20].find(each => (to - from) / each <= 7) ?? 50;
    for (let week = Math.ceil(from / step) * step; !whole && week <= to; week += step) {
      const other = label.cloneNode();
      other.textContent = week;
      other.style.display = '';
      other.setAttribute('class', 'drawn');
      other.setAttribute('text-anchor', 'middle');
      shift(other, now(width * week / weeks));
      all.append(other);
    }
  };

  charts.forEach(figure => {
    const chart = weekly.charts[figure.dataset.key];
    const plots = $$('svg path', figure).map(path => [path, ground.exec(path.getAttribute('d') || '')])
      .filter(([path, found]) => found && Number(found[1]) > 100 && Number(found[2]) > 14);
    const parts = plots.map(([path, found], at) => {
      const width = Number(found[1]), name = `${figure.dataset.key}-weeks-${at}`;
      return [moves(path, width, Number(found[2]), name), width, name];
    });
    const cursors = plots.map(([path, found]) => {
      const cursor = document.createElementNS('http://www.w3.org/2000/svg', 'line');
      cursor.setAttribute('class', 'cursor');
      cursor.setAttribute('y1', 0);
      cursor.setAttribute('y2', found[2]);
      path.parentNode.append(cursor);
      return [cursor, Number(found[1])];
    });
    const reading = make('p', { class: 'reading' });
    $('figcaption', figure).after(reading);
    const weekAt = event => {
      const box = plots[0][0].getBoundingClientRect();
      return state.from + Math.floor((event.clientX - box.left) / box.width * (state.to - state.from));
    };
    let began = null, drawn = [0, weeks];
    const within = week => Math.max(state.from, Math.min(week, state.to - 1));
    const shade = week => plots.forEach(([path, found], at) => {
      const box = $('.span', path.parentNode) ?? path.parentNode.insertBefore(document.createElementNS('http://www.w3.org/2000/svg', 'rect'), path);
      const one = Number(found[1]) / (state.to - state.from), low = Math.min(began ?? 0, week), high = Math.max(began ?? 0, week);
      const sizes = { class: 'span', x: one * (low - state.from), width: began === null ? 0 : one * (high + 1 - low), height: found[2] };
      for (const [key, value] of Object.entries(sizes)) box.setAttribute(key, value);
    });
    if (plots.length) {
      const svg = $('svg', figure);
      svg.addEventListener('pointermove', event => {
        const week = weekAt(event);
        if (began !== null) shade(within(week));
        if (week >= state.from && week < state.to && week !== state.week) { state.week = week; tell(); }
      });
      // A finger scrolls the page; it has the fields.
      svg.addEventListener('pointerdown', event => {
        if (event.pointerType === 'touch' || event.button !== 0) return;
        began = within(weekAt(event));
        svg.setPointerCapture(event.pointerId);
      });
      svg.addEventListener('pointerup', event => {
        if (began === null) return;
        const first = began, week = within(weekAt(event));
        began = null;
        shade(week);
        if (week !== first) span(Math.min(first, week), Math.max(first, week) + 1);
      });
      svg.addEventListener('dblclick', () => span(0, weeks));
      svg.classList.add('zooms');
    }
    changed.push(() => {
      const { scenario, week } = state;
      if (drawn[0] !== state.from || drawn[1] !== state.to) parts.forEach(([found, width, name]) => stretch(found, width, name));
      drawn = [state.from, state.to];
      for (const [cursor, width] of cursors) {
        cursor.style.display = week === null ? 'none' : '';
        if (week !== null && (week < state.from || week >= state.to)) cursor.style.display = 'none';
        const x = width * ((week ?? 0) + 0.5 - state.from) / (state.to - state.from);
        cursor.setAttribute('x1', x);
        cursor.setAttribute('x2', x);
      }
      for (const path of $$('path[data-scenario]', figure)) {
        const own = path.dataset.scenario;
        path.classList.toggle('picked', scenario !== '' && own === scenario);
        path.classList.toggle('other', scenario !== '' && own !== scenario);
        path.style.display = state.hidden.has(own) ? 'none' : '';
      }
      const told = chart.rows.map(row => {
        const line = row.by[''] || row.by[scenario || weekly.first] || Object.values(row.by)[0];
        if (!line || week === null) return null;
        return `${row.what} ${row.share ? percent(line[week]) : figures(line[week])}${row.unit ? ` ${row.unit}` : ''}`;
      }).filter(Boolean);
      const where = chart.rows.some(row => row.by['']) ? '' : `, ${Object.fromEntries(scenarios)[scenario || weekly.first] ?? ''}`;
      reading.textContent = week === null ? '' : `Week ${week}${where}: ${told.join(', ')}`;
    });
  });

  // The map: where one item goes, and what one site trades; by field, or by the pointer on a site.
  const drawing = $('svg.map'), fields = $('[data-controls=map]');
  if (drawing && fields) {
    const ways = $$('[data-ends]', drawing).map(each => [each, JSON.parse(each.dataset.ends), JSON.parse(each.dataset.items)]);
    const sites = $$('[data-site]', drawing);
    const byName = pairs => pairs.sort((one, other) => one[1].localeCompare(other[1], 'en'));
    const choice = (name, options) => {
      const select = make('select', {}, make('option', { value: '' }, 'all'), ...byName(options).map(([id, text]) => make('option', { value: id }, text)));
      fields.append(make('label', {}, `${name} `, select));
      select.addEventListener('change', () => light());
      return select;
    };
    const items = choice('Item', [...new Set(ways.flatMap(way => way[2]))].map(item => [item, item]));
    const places = choice('Site', sites.map(site => [site.dataset.site, site.dataset.name]));
    const light = (site = places.value) => {
      const lit = ways.filter(([, ends, carried]) => (!items.value || carried.includes(items.value)) && (!site || ends.includes(site)));
      const near = new Set(lit.flatMap(way => way[1]));
      const on = new Set(lit.map(way => way[0]));
      ways.forEach(([each]) => each.classList.toggle('aside', !on.has(each)));
      sites.forEach(each => each.classList.toggle('aside', !near.has(each.dataset.site) && each.dataset.site !== site));
    };
    sites.forEach(each => {
      each.addEventListener('pointerenter', () => light(each.dataset.site));
      each.addEventListener('pointerleave', () => light());
      each.addEventListener('click', () => { places.value = places.value === each.dataset.site ? '' : each.dataset.site; light(); });
    });
  }

  const links = flows ? $$('.map [data-lanes]') : [];
  const titles = new Map(links.map(link => [link, $('title', link)]));
  const drawn = new Map(links.map(link => [link, $('title', link).textContent]));
  if (links.length) changed.push(() => {
    const by = flows.flows[state.scenario || Object.keys(flows.scenarios)[0]] || {};
    const touched = state.before || state.scenario !== '' || state.week !== null;
    const now = lane => {
      if (state.before) return flows.before[lane] ?? 0;
      const line = by[lane] || [0];
      if (line.length === 1) return line[0];
      return state.week === null ? line.reduce((sum, value) => sum + value, 0) / line.length : line[state.week];
    };
    for (const link of links) {
      const lanes = JSON.parse(link.dataset.lanes);
      const shares = lanes.map(lane => {
        const before = flows.before[lane] ?? 0;
        return before > 0 ? now(lane) / before : now(lane) > 0 ? 1 : 0;
      });
      const share = shares.length ? Math.max(...shares) : 0;
      link.classList.toggle('none', touched && share < 0.005);
      link.style.opacity = touched ? Math.min(1, 0.3 + 0.7 * share) : '';
      titles.get(link).textContent = touched
        ? `${drawn.get(link)} - now ${lanes.map(lane => `${lane} ${figures(now(lane))}`).join(', ')}` : drawn.get(link);
    }
  });
  if (weekly) tell();

  // Charts whose marks say their figures: hover, the plan of a point, legends ------------------------------------------

  const colourOf = mark => [mark.getAttribute('fill'), mark.getAttribute('stroke')].find(each => each && !['none', 'transparent'].includes(each));
  $$('.chart').forEach(figure => {
    const marks = $$('svg path, svg line', figure).filter(mark => $('title', mark));
    if (!marks.length) return;
    const reading = make('p', { class: 'reading' });
    $('figcaption', figure).after(reading);
    const planRow = mark => {
      const found = /plan: (\w+)$/.exec($('title', mark).textContent);
      return found ? $$('#figures ~ .scroll th[scope=row]').find(head => words(head) === found[1]) : null;
    };
    const listen = mark => {
      mark.addEventListener('pointerenter', () => { reading.textContent = $('title', mark).textContent; });
      const head = planRow(mark);
      if (!head) return;
      const title = $('title', mark).textContent;
      const lead = () => {
        $$('tr.picked').forEach(row => row.classList.remove('picked'));
        head.parentNode.classList.add('picked');
        head.setAttribute('tabindex', '-1');
        head.focus({ preventScroll: true });
        head.scrollIntoView({ block: 'center' });
      };
      mark.classList.add('leads');
      // What can be reached must not stand within a picture that is one whole.
      mark.closest('svg').setAttribute('role', 'group');
      for (const [name, value] of [['tabindex', '0'], ['role', 'link'], ['aria-label', title]]) mark.setAttribute(name, value);
      mark.addEventListener('click', lead);
      mark.addEventListener('focus', () => { reading.textContent = title; });
      mark.addEventListener('keydown', event => { if (event.key === 'Enter') lead(); });
    };
    marks.forEach(listen);
    const symbols = $$('[data-legend=symbol] path', figure), labels = $$('[data-legend=label] text', figure);
    if (labels.length < 2 || symbols.length !== labels.length) return;
    const shown = make('fieldset', {}, make('legend', {}, 'Shown'));
    labels.forEach((label, at) => {
      const box = make('input', { type: 'checkbox' }), colour = colourOf(symbols[at]);
      box.checked = true;
      box.addEventListener('change', () => marks.filter(mark => colourOf(mark) === colour)
        .forEach(mark => { mark.style.display = box.checked ? '' : 'none'; }));
      shown.append(make('label', {}, box, ` ${label.textContent}`));
    });
    reading.before(make('div', { class: 'controls' }, shown));
  });

  // Plans side by side: which of them show -----------------------------------------------------------------------------

  const chooser = $('[data-plans]');
  if (chooser) {
    const letters = chooser.dataset.plans.split(' ');
    const boxes = letters.map(() => make('input', { type: 'checkbox' }));
    const ofPlan = (mark, letter) => $('title', mark).textContent.split('; ').some(part => part.endsWith(`: ${letter}`));
    const bars = $$('.chart svg path').filter(mark => $('title', mark));
    const choose = () => {
      const shown = boxes.filter(box => box.checked);
      boxes.forEach((box, at) => {
        const off = !box.checked;
        // One of them always shows.
        box.disabled = box.checked && shown.length === 1;
        $$('th[scope=col]').filter(head => words(head) === letters[at]).forEach(head => head.classList.toggle('off', off));
        $$('td').filter(cell => cell.dataset.head === letters[at]).forEach(cell => cell.classList.toggle('off', off));
        $$('[data-plans] ~ .scroll tbody tr')[at].classList.toggle('off', off);
        bars.filter(mark => ofPlan(mark, letters[at])).forEach(mark => mark.classList.toggle('faint', off));
      });
    };
    chooser.append(make('fieldset', {}, make('legend', {}, 'Plans shown'),
      ...letters.map((letter, at) => make('label', {}, boxes[at], ` ${letter}`))));
    boxes.forEach(box => { box.checked = true; box.addEventListener('change', choose); });
    choose();
  }

  // What if ----------------------------------------------------------------------------------------------------------

  const whatIf = data('what-if-data');
  const place = document.getElementById('what-if');
  if (whatIf && place) {
    const chosen = [...whatIf.plan];
    let level = whatIf.levels.indexOf(whatIf.budget) < 0 ? 0 : whatIf.levels.indexOf(whatIf.budget);
    const said = make('p', { class: 'said', role: 'status' });
    const output = make('output', {});
    const selects = whatIf.regimes.map((regime, at) => {
      const select = make('select', {}, ...regime.policies.map((policy, number) => make('option', { value: number }, policy)));
      select.addEventListener('change', () => { chosen[at] = Number(select.value); show(); });
      return select;
    });
    const slider = make('input', { type: 'range', min: 0, max: whatIf.levels.length - 1, step: 1, value: level });
    slider.addEventListener('input', () => { level = Number(slider.value); show(); });
    const back = make('button', { type: 'button', onclick: () => {
      whatIf.plan.forEach((number, at) => { chosen[at] = number; });
      level = Math.max(0, whatIf.levels.indexOf(whatIf.budget));
      show();
    } }, 'back to the plan');
    const money = value => `${figures(value)} ${whatIf.money}`.trim();
    const show = () => {
      selects.forEach((select, at) => { select.value = chosen[at]; });
      slider.value = level;
      const budget = whatIf.levels[level];
      output.textContent = budget === null ? 'no limit' : money(budget);
      slider.setAttribute('aria-valuetext', output.textContent);
      const used = whatIf.limits.map((limit, number) => whatIf.regimes.reduce((sum, regime, at) => sum + regime.loads[chosen[at]][number], 0));
      const over = whatIf.limits.filter((limit, number) => limit.most !== null && used[number] > limit.most * (1 + 1e-9) + 1e-9);
      const row = whatIf.rows[chosen.join(',')];
      const own = whatIf.sign * whatIf.outcome;
      let text, kind = '';
      if (over.length) {
        text = `These policies take more than is allowed: ${over.map(limit => limit.words).join(', ')}.`; kind = 'bad';
      } else if (!row) {
        text = 'These policies are too far from the plan to have been worked out ahead; sluicegate evaluate works out any choice.'; kind = 'bounded';
      } else if (row[1][level] === 'n') {
        text = 'No plan with these policies keeps the limits at this budget.'; kind = 'bad';
      } else {
        const value = row[0][level], exact = row[1][level] === 'e';
        const apart = value === null ? null : whatIf.sign * value - own;
        const more = apart === null || Math.abs(apart) < 5e-4 * Math.abs(own || 1) ? 'as in the plan'
          : `${money(Math.abs(apart))} ${(apart > 0) ? 'better' : 'worse'} than the plan`;
        text = exact ? `${whatIf.title} ${money(value)}: ${more}. Worked out: exact.`
          : value === null ? 'Not worked out, and not bounded.'
          : `${whatIf.title} ${whatIf.sign > 0 ? 'at most' : 'at least'} ${money(value)}: not worked out, bounded.`;
        kind = exact ? 'exact' : 'bounded';
      }
      said.textContent = text;
      said.className = `said ${kind}`;
    };
    place.append(
      make('div', { class: 'switches' }, ...whatIf.regimes.map((regime, at) => make('label', {}, `${regime.name} `, selects[at]))),
      ...(whatIf.levels.length > 1 ? [make('div', { class: 'controls' }, make('label', {}, 'Budget ', slider), output, back)] : [make('div', { class: 'controls' }, back)]),
      said,
    );
    show();
  }
})();
