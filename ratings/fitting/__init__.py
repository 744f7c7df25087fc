"""Stage 7: what the votes say, as pure maths: arrays in, arrays out, no Django and no settings.

Data: what fits read
    tallies             votes per pair, `Outcome`, and how "both bad" is read
    voter_tallies       votes per voter and pair
    rankings            ranked lists with ties
    covariates          what a vote's answers are compared by, and votes grouped by pair for it
    validation          checks of what a caller gives
    arrays, sums        array types; sums over rows
    errors              how a fit refuses, and the family of its errors

Fits: each returns a `fit.Fit`
    bradley_terry       strengths from pairs, ties as half wins
    davidson, rao_kupper    ties with a parameter of their own; tie_models is what they share
    acceptability       "both bad" as a fourth outcome, and the level that it tells
    side                the advantage of a seat
    covariate_fit       style control; covariate_design is its likelihood
    plackett_luce       ranked lists; choice_sets and choice_graph are its choices
    ranklist            the RankList family of losses; list_groups are its comparisons
    general_preference  preferences with cycles; skew_preferences is their likelihood
    composite           several dimensions of one comparison
    propensity          pairs reweighted by how often they were drawn
    calibration         scores of any scale put on the odds of pairs

What fits are built from
    newton              the optimiser: it returns a maximum or raises
    prior               virtual ties with a virtual opponent
    sandwich            from information to the covariance of sum-zero scores
    comparisons         rows and likelihood of Bradley-Terry; refit climbs it from close by
    outcome_models      the fit of any law of outcomes; outcome_design lays out its estimates
    comparison_graph, separation    what votes link, and whether estimates are finite
    residuals           what votes leave unexplained, and the variance that it gives
    kernels, voter_kernels, list_kernels, covariate_kernels     the loops over votes

Intervals
    intervals           of scores, and of ranks
    elo                 the Elo scale
    clustering          votes of one person go together: cap, covariance, degrees of freedom
    confidence_sequence intervals that may be looked at after every vote

Robustness and checks
    robustness          how few votes change an order
    influence           what one voter does to a board
    bootstrap           the slow check of the sandwich
    model_choice        which model of ties predicts votes best
    agreement           how far voters agree
"""
